"""Whether what an instruction calls red looks red: spoken colours against the pixels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from assets import materials
from assets.colour_terms import decoded, term
from generators.language import lexicon
from scenes import seen
from sim import state_layout
from sim.render.base import Frame
from sim.spec import Body, Cell

ENOUGH = 40  # pixels of a body from which its colour can be told


@dataclass(frozen=True)
class Misnamed:
    """A body that is called `word` and does not look it, in `camera`'s picture ("" for none: no
    body of the cell bears the word). seen: what its colour there would be called."""

    word: str
    body: str = ""
    camera: str = ""
    seen: str = ""

    def __str__(self) -> str:
        if not self.body:
            return f"the instruction says {self.word!r}, and nothing of the cell is called so"
        return f"{self.body} is called {self.word}, and looks {self.seen} to camera {self.camera}"


def words_in(texts: Mapping[str, Iterable[str]]) -> set[str]:
    """The colours that texts (language -> sentences) speak of, by their English words."""
    return {
        word
        for lang, sentences in texts.items()
        for text in sentences
        for word in materials.COLOURS
        if any(_contains_word(text, form, lang) for form in _forms(word, lang))
    }


def misnamed(
    cell: Cell, texts: Mapping[str, Iterable[str]], frames: Mapping[str, Frame]
) -> list[Misnamed]:
    """Every body that texts call by a colour that its pixels do not have.

    frames: camera -> its picture, with the segmentation of the cell. The colour of a body is the
    median over its visible pixels; a body of under `ENOUGH` of them is not judged.
    """
    found = []
    for word in sorted(words_in(texts)):
        named = [b for b in cell.bodies if b.role != "room" and b.words.get("colour") == word]
        if not named:
            found.append(Misnamed(word))
        for camera, frame in frames.items():
            found += [m for body in named for m in _against(cell, body, camera, frame)]
    return found


def _against(cell: Cell, body: Body, camera: str, frame: Frame) -> Iterator[Misnamed]:
    mask = frame.segmentation == state_layout.segments(cell)[body.name]
    if np.count_nonzero(mask) < ENOUGH:
        return
    light = np.median(decoded(frame.rgb[mask] / 255.0), axis=0)
    level, shade = seen.level(cell, cell.camera(camera))
    word = body.words["colour"]
    if word not in seen.called(light, level, shade):
        yield Misnamed(word, body.name, camera, term(light / level))


def _forms(word: str, lang: str) -> tuple[str, ...]:
    return lexicon.KOREAN[word] if lang == "ko" else lexicon.ENGLISH.get(word, (word,))


def _contains_word(text: str, form: str, lang: str) -> bool:
    """Whether a text has a word: alone in English (black-oxide is no colour), with whatever
    particle in Korean."""
    end = "" if lang == "ko" else r"(?![\w-])"
    return bool(re.search(rf"(?<![\w-]){re.escape(form)}{end}", text, re.IGNORECASE))
