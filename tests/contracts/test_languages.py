"""Which language a caller reads."""

import pytest

from shared.contracts.languages import reading_order, said

OFFERED = ("ar", "fr", "en")


@pytest.mark.parametrize(
    ("asked", "accepted", "own", "first"),
    [
        (None, None, "fr", "fr"),
        ("en", "fr", "ar", "en"),
        ("EN-gb", None, "ar", "en"),
        ("de", None, "ar", "ar"),
        (None, "de, ar-MA;q=0.8, fr;q=0.9", "en", "fr"),
        (None, "fr;q=0, en;q=0.1", "ar", "en"),
        (None, "fr;q=much, en", "ar", "en"),
        (None, "*", "ar", "ar"),
        (None, ",;q=,;;", "ar", "ar"),
        (None, None, "tlh", "ar"),
    ],
)
def test_the_first_language(asked, accepted, own, first):
    order = reading_order(asked, accepted, own, OFFERED)
    assert order[0] == first
    assert sorted(order) == sorted(OFFERED)


def test_words_in_the_best_language_there_is():
    assert said({"ar": "م", "fr": "eau"}, ("en", "fr", "ar")) == "eau"
    assert said({"ber": "aman"}, ("en", "fr")) == "aman"
    assert said({}, ("en",)) is None
