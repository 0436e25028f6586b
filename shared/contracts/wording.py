"""People's words made comparable: Arabic, French, and Darija in either script. Pure; decides nothing.

A token is a word in its plain form: lower case, without accents, vowel signs, articles and elisions. The sound of a token is
its consonants, in which Darija agrees with itself whether it was written in Arabic letters or with digits for letters.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

_SIGNS = re.compile("[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200c-\u200f\u202a-\u202e\u2066-\u2069]")
"""Accents, vowel signs, the stroke that stretches a word, and marks of direction."""
_LETTERS = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىیئ", "ي"),
        **dict.fromkeys("گڭݣکڪ", "ك"),
        **{digit: str(n) for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹") for n, digit in enumerate(digits)},
        "ؤ": "و",
        "ة": "ه",
        "ء": "",
        "پ": "ب",
        "ڤ": "ف",
        "ڥ": "ف",
        "چ": "ش",
        "ھ": "ه",
        "ہ": "ه",
        "œ": "oe",
        "æ": "ae",
        "ß": "ss",
        "’": "'",
        "ʼ": "'",
        "`": "'",
        "´": "'",
    }
)
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_ELIDED = {"l", "d", "j", "n", "m", "t", "s", "c", "qu", "jusqu", "lorsqu", "puisqu", "quelqu", "presqu"}
_ARTICLE = re.compile("^(?:[وفبك]?ال|ولل|لل)(?=..)")
_PLURAL = re.compile("(?:(?<=[^s]..)s|(?<=[ae]u)x)$")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f]")
_DIGIT_LETTER = re.compile(r"^(?=.*[a-z])(?=.*[235789])[a-z235789]+$")

_ARABIC_SOUNDS = str.maketrans(dict(zip("بتثجحخدذرزسشصضطظعغفقكلمنه", "bttjHxddrzsSsdtdEGfqklmnh", strict=True)) | dict.fromkeys("اوي", ""))
_GROUPS = (("kh", "x"), ("gh", "G"), ("ch", "S"), ("sh", "S"), ("dj", "j"), ("th", "t"), ("dh", "d"), ("ph", "f"))
_LATIN_SOUNDS = str.maketrans(
    {"7": "H", "3": "E", "9": "q", "5": "x", "8": "G", "2": "", "c": "k", "g": "k", "p": "b", "v": "f"} | dict.fromkeys("aeiouwy", "")
)
_SHORTEST_SOUND = 3

_COMMON = """
    a au aux avec ce ces cet cette comme dans de des du elle en est et etait ete etre fait il ils je la le les leur leurs lui ma mais
    me mes mon ne nos notre nous on ont ou par pas plus pour qu que qui sa sans se ses si son sont sur te tes toi ton tre tres tu un
    une vos votre vous y ai apres aupres avant bonjour chez depuis demande demander madame merci monsieur probleme reclamation
    plainte sujet suite the of to and in for
    من في على الى الي عن مع هذا هذه ذلك تلك التي الذي الذين ان انا انت هو هي نحن هم لم لن لا ما قد كان كانت كل بعد قبل عند حتى منذ
    او ثم بين هل يا سيدي سيدتي شكايه مشكل مشكله طلب بخصوص موضوع حول بسبب لي له لها لنا
    dyal dial ديال f fi m3a had hadi hadchi walakin wach bzf bzaf chi ana nta ntuma l li lli
    فاش ديالي ديالنا هاد هادي هادشي شي اللي واش بزاف
"""


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text in their order and plain form."""
    return tuple(filter(None, (_plain(word) for word in _TOKEN.findall(_folded(text)))))


def sound(token: str) -> str | None:
    """The consonants of a token that Darija may also write otherwise; None for other Latin words, and where they are too few."""
    if _ARABIC.search(token):
        heard = token.translate(_ARABIC_SOUNDS)
    elif _DIGIT_LETTER.match(token):
        heard = _latin_sound(token)
    else:
        return None
    # A final ه is mostly the ending that Latin letters write as a vowel.
    heard = re.sub(r"(.)\1+", r"\1", re.sub("(?<=..)h$", "", heard))
    return heard if len(heard) >= _SHORTEST_SOUND else None


def content(text: str) -> frozenset[str]:
    """What a text is about, for comparing it with others: its tokens but for the commonest, those with a sound by their sound."""
    return frozenset(_heard(token) for token in tokens(text) if token not in COMMON and len(token) > 1)


def finds(phrases: Iterable[str], words: Sequence[str]) -> str | None:
    """The first of these phrases whose words stand one after another among the tokens; None where none does.

    A word of a phrase that ends in * stands for all that begin so. Words written in the two ways of Darija agree by sound.
    """
    return next((phrase for phrase in phrases if _stands(_parts(phrase), words)), None)


class Phrases:
    """The same question as finds, for many phrases and long texts: one look for all of them."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._all = tuple(phrase for phrase in phrases if _parts(phrase))
        self._by_digits = tuple(phrase for phrase in self._all if any(_DIGIT_LETTER.match(token) for token, _ in _parts(phrase)))
        written = (" ".join(re.escape(token) + "[^ ]*" * prefix for token, prefix in _parts(phrase)) for phrase in self._all)
        self._plain = re.compile(f" (?:{'|'.join(written)})(?= )")

    def stand_in(self, words: Sequence[str]) -> bool:
        if not self._all or not words:
            return False
        line = f" {' '.join(words)} "
        if self._plain.search(line):
            return True
        # What remains agrees by sound, so across the two ways of writing Darija: most texts have no such word.
        if any(_DIGIT_LETTER.match(word) for word in words):
            return finds(self._all, words) is not None
        return bool(self._by_digits and _ARABIC.search(line)) and finds(self._by_digits, words) is not None


def phrase_is_empty(phrase: str) -> bool:
    """Whether nothing could ever be found by it, or anything would be."""
    parts = _parts(phrase)
    return sum(len(token) for token, _ in parts) < 2 or any(prefix and len(token) < 3 for token, prefix in parts)


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    return _SIGNS.sub("", unicodedata.normalize("NFD", letters))


@lru_cache(maxsize=10_000)  # a language has few words: most of a text are known from the last ones
def _plain(word: str) -> str:
    *elided, rest = word.split("'")
    word = rest if all(part in _ELIDED for part in elided) else "".join((*elided, rest))
    if _ARABIC.search(word):
        return _ARTICLE.sub("", word)
    return word if _DIGIT_LETTER.match(word) else _PLURAL.sub("", word)


def _latin_sound(token: str) -> str:
    for written, heard in _GROUPS:
        token = token.replace(written, heard)
    heard = token.translate(_LATIN_SOUNDS)
    # The article, written together with its word: l7ogra.
    return heard[1:] if token.startswith(("l", "el", "al")) and len(heard) > _SHORTEST_SOUND else heard


def _heard(token: str) -> str:
    heard = sound(token)
    return f"~{heard}" if heard else token


@lru_cache(maxsize=4096)
def _parts(phrase: str) -> tuple[tuple[str, bool], ...]:
    """The tokens of a phrase, each with whether it stands for all that begin with it."""
    found = [(tokens(word), word.endswith("*")) for word in phrase.split()]
    return tuple((token, prefix and token == words[-1]) for words, prefix in found for token in words)


def _stands(parts: Sequence[tuple[str, bool]], words: Sequence[str]) -> bool:
    starts = range(len(words) - len(parts) + 1) if parts else ()
    return any(all(_agrees(part, words[at + n]) for n, part in enumerate(parts)) for at in starts)


def _agrees(part: tuple[str, bool], word: str) -> bool:
    token, prefix = part
    if word == token or (prefix and word.startswith(token)):
        return True
    # By sound only between the two scripts: within one it would take different words for the same.
    (digits, heard), (other_digits, other_heard) = _written(token), _written(word)
    return digits != other_digits and heard is not None and heard == other_heard


@lru_cache(maxsize=4096)
def _written(token: str) -> tuple[bool, str | None]:
    """Whether digits stand in it for letters, and its sound: each word of a subject is held against each phrase of each rule."""
    return bool(_DIGIT_LETTER.match(token)), sound(token)


COMMON = frozenset(token for word in _COMMON.split() for token in tokens(word))
"""Words that say nothing about a subject."""
