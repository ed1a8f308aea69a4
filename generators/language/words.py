"""Instructions: what to do, to what and where, several ways in each language.

The sentences of a task stand in `sentences/{task}.yaml`: a list for each language. In them {slot}
becomes a phrase; in Korean {slot:을/를} takes the particle that its sound asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml

from episodes import errors
from episodes.errors import UserError
from generators.language import lexicon
from generators.language.korean import with_particle
from generators.language.lexicon import LANGUAGES
from generators.language.naming import Expression, expressions, phrase
from generators.language.pockets import Pocket, pocket_of, pocket_phrase
from sim import user_folders
from sim.spec import Cell

Said = tuple[Expression | Pocket, ...]
Speak = Callable[[str, np.random.Generator], str]  # (language, rng) -> a phrase

# what a frame of a body is called, in each language; any other is a pocket, told from its like
_FRAMES = {"hole": {"en": "the hole in {0}", "ko": "{0}의 구멍"}}


@dataclass(frozen=True)
class Instruction:
    """texts: language -> ways to say it; the first is *the* instruction, in English if it has it.
    slots: slot -> the body or place meant; said: slot -> the descriptions of it that texts use."""

    texts: Mapping[str, tuple[str, ...]]
    slots: Mapping[str, str]
    said: Mapping[str, Said]


class _Phrase(str):
    """A noun phrase; its format spec is a pair of Korean particles."""

    def __format__(self, pair: str) -> str:
        return with_particle(self, pair) if pair else str(self)


def instruction(
    task: str,
    cell: Cell,
    slots: Mapping[str, str],
    rng: np.random.Generator,
    *,
    terms: Mapping[str, str | Mapping[str, str]] | None = None,
) -> Instruction:
    """Every sentence of a task about this cell, in an order drawn by `rng`.

    slots: slot -> a body's name, or "body/frame" for a place in one; the phrases fit that body and
    no other. terms: slot -> a word of the lexicon, said as it is ("brick", "3"), or a phrase ready
    made in each language.
    Raises UserError for an unknown task or slot, and where words cannot tell a body apart.
    """
    sentences = sentences_of(task)
    said = {slot: _descriptions(cell, value) for slot, value in slots.items()}
    speak: dict[str, Speak] = {s: _speaker(said[s], v) for s, v in slots.items()}
    speak |= {slot: _term(word) for slot, word in (terms or {}).items()}
    texts = {}
    for lang in sentences:
        order = rng.permutation(len(sentences[lang]))
        texts[lang] = tuple(_sentence(sentences[lang][int(i)], speak, lang, rng) for i in order)
    return Instruction(texts, dict(slots), said)


@lru_cache
def sentences_of(task: str) -> Mapping[str, tuple[str, ...]]:
    """language -> the sentences of a task, in those languages that it has. Raises UserError where
    there is no file of them, or no sentence in it."""
    known = sentence_files()
    if task not in known:
        raise UserError(f"no sentences for the task {task!r}{errors.choices(task, known)}")
    file = known[task]
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: not plain YAML: {' '.join(str(error).split())}") from error
    raw = raw if isinstance(raw, dict) else {}
    for lang, texts in raw.items():
        if lang not in LANGUAGES:
            raise UserError(f"{file}: no words for {lang!r}; languages: {', '.join(LANGUAGES)}")
        if not isinstance(texts, list) or not all(text and isinstance(text, str) for text in texts):
            raise UserError(f"{file}: {lang}: give a list of sentences")
    if not any(raw.values()):
        raise UserError(f"{file}: give sentences in one of: {', '.join(LANGUAGES)}")
    return {lang: tuple(raw[lang]) for lang in LANGUAGES if raw.get(lang)}


def sentence_files() -> dict[str, Path]:
    """task -> the file of its sentences."""
    ours = Path(__file__).parent / "sentences"
    folders = [ours, *user_folders.folders("sentences")]
    return {p.stem: p for folder in folders for p in sorted(folder.glob("*.yaml"))}


def _descriptions(cell: Cell, value: str) -> Said:
    name, _, frame = value.partition("/")
    if name not in {body.name for body in cell.bodies}:
        raise UserError(
            f"no body {name!r} to speak of; bodies: {', '.join(b.name for b in cell.bodies)}"
        )
    if frame and frame not in _FRAMES:
        return (pocket_of(cell, value),)
    return tuple(expressions(cell, name))


def _speaker(choices: Said, value: str) -> Speak:
    frame = _FRAMES.get(value.partition("/")[2])

    def speak(lang: str, rng: np.random.Generator) -> str:
        chosen, variant = choices[int(rng.integers(len(choices)))], int(rng.integers(2))
        if isinstance(chosen, Pocket):
            return pocket_phrase(chosen, lang, variant)
        text = phrase(chosen, lang, variant)
        return frame[lang].format(text) if frame else text

    return speak


def _term(word: str | Mapping[str, str]) -> Speak:
    return lambda lang, rng: lexicon.say(word, lang) if isinstance(word, str) else word[lang]


def _sentence(
    sentence: str, speak: Mapping[str, Speak], lang: str, rng: np.random.Generator
) -> str:
    spoken = {slot: _Phrase(say(lang, rng)) for slot, say in speak.items()}
    try:
        text = sentence.format(**spoken)
    except KeyError as missing:
        raise UserError(
            f"the instruction lacks the slot {missing}; given: {', '.join(speak)}"
        ) from None
    except (ValueError, IndexError) as error:
        raise UserError(f"the sentence {sentence!r} cannot be filled in: {error}") from error
    return text[0].upper() + text[1:] + "."
