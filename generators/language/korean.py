"""Korean particles, by the sound that a word ends in."""

from __future__ import annotations

# How the last letter or digit is read: whether it ends in a consonant, and whether that is rieul.
# Letters: el, em, en, ar (and the digits 0 yeong, 1 il, 3 sam, 6 yuk, 7 chil, 8 pal) end in one.
_CLOSED = frozenset("LMNR013678")
_RIEUL = frozenset("LR178")
_UNITS = ("mm", "cm", "kg")  # millimiteo, sentimiteo, killogeuraem
_LAST_RIEUL = 8  # index of rieul among the 28 finals of a Hangul syllable (Unicode 3.12)


def ending(word: str) -> tuple[bool, bool]:
    """(ends in a consonant, that consonant is rieul) of a word as it is read aloud.

    A number is read by its last digit, whole tens as sip, hundreds as baek: M10 is em-sip.
    """
    said = word.rstrip(" .,)\"'")
    if said.endswith(_UNITS):
        return said.endswith("kg"), False
    last = said[-1:].upper()
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return final != 0, final == _LAST_RIEUL
    if last == "0" and said[-2:-1].isdigit():
        return True, False
    return last in _CLOSED, last in _RIEUL


def with_particle(word: str, pair: str) -> str:
    """The word and the right one of a pair, written with the form after a consonant first: "을/를",
    "이/가", "은/는", "과/와", "으로/로" (for which rieul counts as a vowel)."""
    closed, rieul = ending(word)
    after_consonant, after_vowel = pair.split("/")
    if after_consonant == "으로" and rieul:
        closed = False
    return word + (after_consonant if closed else after_vowel)
