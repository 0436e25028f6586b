"""People's words made comparable, in the three languages and both scripts they come in."""

import pytest

from shared.contracts.wording import COMMON, Phrases, content, finds, phrase_is_empty, sound, tokens

SAME = [
    ("Électricité", "ELECTRICITE", "e\u0301lectricité"),
    ("l'eau", "L’eau", "d'eau", "eau", "eaux"),
    ("qu'électricité", "électricités"),
    ("cœur", "coeur"),
    ("factures", "facture"),
    ("الرِّشْوَة", "رشوة", "رشوه", "بالرشوة", "والرشوة", "الرشـــوة"),
    ("أمن", "امن", "إمن", "آمن"),
    ("مستشفى", "مستشفي", "المستشفى"),
    ("الحڭرة", "الحگرة", "الحكرة", "حكره"),
    ("مسؤول", "مسوول"),
    ("٢٠٢٦", "2026", "۲۰۲۶"),
    ("فاتورة", "للفاتورة", "الفاتورة"),
]
DIFFERENT = [("eau", "au"), ("pont", "port"), ("ماء", "مال"), ("رشوة", "رشا"), ("bus", "bu"), ("gaz", "gas")]


@pytest.mark.parametrize("words", SAME, ids=lambda words: words[0])
def test_one_word_written_in_many_ways(words: tuple[str, ...]) -> None:
    assert len({tokens(word) for word in words}) == 1


@pytest.mark.parametrize("words", DIFFERENT, ids=lambda words: words[0])
def test_other_words_stay_other(words: tuple[str, str]) -> None:
    assert tokens(words[0]) != tokens(words[1])


@pytest.mark.parametrize(
    ("latin", "arabic"),
    [
        ("m7kama", "المحكمة"),
        ("l7ogra", "الحكرة"),
        ("ta9a3od", "التقاعد"),
        ("7di9a", "حديقة"),
        ("ma3andich", "ماعنديش"),
        ("s5ana", "السخانة"),
        ("mas2oul", "مسؤول"),
        ("3adala", "العدالة"),
    ],
)
def test_darija_agrees_with_itself_in_both_scripts(latin: str, arabic: str) -> None:
    [one], [other] = tokens(latin), tokens(arabic)
    assert sound(one) == sound(other) is not None
    assert content(latin) == content(arabic)


@pytest.mark.parametrize("word", ["facture", "rchwa", "2026", "covid19x0", "7a", "حق"])
def test_other_words_have_no_sound(word: str) -> None:
    assert sound(word) is None


def test_what_a_text_is_about_leaves_out_what_every_complaint_says() -> None:
    assert content("Bonjour, je demande le remboursement de la facture d'eau svp") == {"remboursement", "facture", "eau", "svp"}
    assert content("السلام، شكاية بخصوص فاتورة الماء") == content("فاتورة الماء السلام")
    assert {"de", "في", "dyal"} <= COMMON


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("pot de vin", "On m'a demandé un pot-de-vin.", True),
        ("pot de vin", "Un pot, de bon vin", False),
        ("corrupt*", "CORRUPTION à la commune", True),
        ("corromp*", "un agent corrompu", True),
        ("corrupt", "corruption", False),
        ("رشوة", "طلب مني رشوةً", True),
        ("رشوة", "السيد رشا", False),
        ("الحكرة", "hadi l7ogra bzaf", True),
        ("l7ogra", "هذه حكرة", True),
        ("eau potable", "l'eau potable manque", True),
        ("", "anything", False),
    ],
)
def test_phrases_are_found_word_by_word(phrase: str, text: str, found: bool) -> None:
    assert finds([phrase], tokens(text)) == (phrase if found else None)
    assert Phrases([phrase]).stand_in(tokens(text)) is found
    assert Phrases(["never", phrase]).stand_in(tokens(f"{text} dar 3")) is found


def test_the_first_phrase_that_stands_there_is_told() -> None:
    assert finds(["fuite", "eau"], tokens("une fuite d'eau")) == "fuite"
    assert finds([], tokens("une fuite")) is None


@pytest.mark.parametrize(("phrase", "empty"), [("", True), ("؟!", True), ("a", True), ("ab*", True), ("abc*", False), ("eau", False)])
def test_a_phrase_that_would_find_nothing_or_everything(phrase: str, empty: bool) -> None:
    assert phrase_is_empty(phrase) is empty


@pytest.mark.parametrize("text", ["\u0640" * 50, "''''", "l'", "🙂🙂", "\ufdfa", "ا" * 10_000, "1e309", "…" * 999])
def test_no_text_is_too_strange(text: str) -> None:
    assert isinstance(content(text), frozenset)
