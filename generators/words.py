"""Instructions: what to do, to what and where, several ways in each language.

One template a kind of task; adding a task means adding its sentences here. Slots are names of
bodies, or "body/frame" for a place in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from episodes.errors import UserError
from generators.korean import with_particle
from generators.lexicon import LANGUAGES
from generators.naming import Expression, expressions, phrase
from generators.pockets import Pocket, pocket_of, pocket_phrase
from sim.spec import Cell

# {slot}: a noun phrase; in Korean {slot:을/를}: with the particle that its sound asks for.
TEMPLATES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "place": {
        "en": (
            "put {part} into {slot}",
            "place {part} in {slot}",
            "pick up {part} and put it into {slot}",
            "take {part} and set it down in {slot}",
            "move {part} to {slot}",
            "load {part} into {slot}",
            "{part} belongs in {slot}; put it there",
            "grasp {part}, then release it in {slot}",
        ),
        "ko": (
            "{part:을/를} {slot}에 놓으세요",
            "{part:을/를} {slot}에 넣어 주세요",
            "{part:을/를} 집어서 {slot}에 넣으세요",
            "{part:을/를} 들어 {slot}에 내려놓아 줘",
            "{part:을/를} {slot:으로/로} 옮겨 주세요",
            "{slot}에 {part:을/를} 채워 주세요",
            "{part:은/는} {slot}에 들어갑니다. 거기에 넣으세요",
            "{part:을/를} 잡은 다음 {slot}에 놓아 줘",
        ),
    },
    "pick": {
        "en": (
            "take {part} out of {source} and put it into {target}",
            "pick {part} from {source} and drop it into {target}",
            "move {part} from {source} to {target}",
            "get {part} out of {source} and place it in {target}",
            "find {part} in {source} and move it into {target}",
            "transfer {part} from {source} into {target}",
            "put {part}, which is in {source}, into {target}",
        ),
        "ko": (
            "{source}에서 {part:을/를} 꺼내 {target}에 넣으세요",
            "{source}에 있는 {part:을/를} 집어서 {target}에 담아 주세요",
            "{part:을/를} {source}에서 {target:으로/로} 옮기세요",
            "{source} 안에서 {part:을/를} 찾아 {target}에 넣어 줘",
            "{source}에서 {part:을/를} 골라 {target:으로/로} 옮겨 주세요",
            "{target}에 {part:을/를} 담으세요. {source} 안에 있습니다",
            "{source}에 든 {part:을/를} {target}에 옮겨 담아 줘",
        ),
    },
    "insert": {
        "en": (
            "insert {part} into {target}",
            "put {part} into {target}",
            "push {part} into {target}",
            "take {part} and insert it into {target}",
            "fit {part} into {target}",
            "slide {part} all the way into {target}",
            "pick up {part} and push it down into {target}",
        ),
        "ko": (
            "{part:을/를} {target}에 끼우세요",
            "{part:을/를} {target}에 꽂아 주세요",
            "{part:을/를} 집어서 {target}에 삽입하세요",
            "{part:을/를} {target}에 끝까지 밀어 넣으세요",
            "{target}에 {part:을/를} 끼워 줘",
            "{part:을/를} 들어 {target}에 맞춰 넣어 주세요",
            "{target}에 {part:을/를} 조립하세요",
        ),
    },
}

Said = tuple[Expression | Pocket, ...]

_HOLES = {"en": "the hole in {0}", "ko": "{0}의 구멍"}


@dataclass(frozen=True)
class Instruction:
    """texts: language -> ways to say it; the first English one is *the* instruction. target: the
    body that is acted on. said: slot -> the descriptions of it that the texts use."""

    texts: Mapping[str, tuple[str, ...]]
    target: str
    said: Mapping[str, Said]


class _Phrase(str):
    """A noun phrase; its format spec is a pair of Korean particles."""

    def __format__(self, pair: str) -> str:
        return with_particle(self, pair) if pair else str(self)


def instruction(
    template: str, cell: Cell, slots: Mapping[str, str], rng: np.random.Generator
) -> Instruction:
    """Every sentence of a template about this cell, in an order drawn by `rng`.

    Raises UserError for an unknown template or slot, and where words cannot tell the target apart.
    """
    if template not in TEMPLATES:
        close = get_close_matches(template, TEMPLATES, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ";"
        raise UserError(f"unknown template {template!r}{hint} templates: {', '.join(TEMPLATES)}")
    said: dict[str, Said] = {slot: _descriptions(cell, value) for slot, value in slots.items()}
    texts = {}
    for lang in LANGUAGES:
        sentences = TEMPLATES[template][lang]
        order = rng.permutation(len(sentences))
        texts[lang] = tuple(_sentence(sentences[int(i)], said, slots, lang, rng) for i in order)
    return Instruction(texts, slots["part"], said)


def _descriptions(cell: Cell, value: str) -> Said:
    name, _, frame = value.partition("/")
    if name not in {body.name for body in cell.bodies}:
        raise UserError(
            f"no body {name!r} to speak of; bodies: {', '.join(b.name for b in cell.bodies)}"
        )
    if frame.startswith("slot_"):
        return (pocket_of(cell, value),)
    return tuple(expressions(cell, name))


def _sentence(
    sentence: str,
    said: Mapping[str, Said],
    slots: Mapping[str, str],
    lang: str,
    rng: np.random.Generator,
) -> str:
    spoken = {}
    for slot, choices in said.items():
        chosen, variant = choices[int(rng.integers(len(choices)))], int(rng.integers(2))
        if isinstance(chosen, Pocket):
            text = pocket_phrase(chosen, lang, variant)
        else:
            text = phrase(chosen, lang, variant)
            if slots[slot].endswith("/hole"):
                text = _HOLES[lang].format(text)
        spoken[slot] = _Phrase(text)
    try:
        text = sentence.format(**spoken)
    except KeyError as missing:
        raise UserError(
            f"the instruction lacks the slot {missing}; given: {', '.join(slots)}"
        ) from None
    return text[0].upper() + text[1:] + "."
