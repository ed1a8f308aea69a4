"""Instructions that nobody filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from numpy.random import Generator

from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding

EMPTY_WORDS = {
    *("task", "instruction", "default", "test", "dummy", "none", "null", "nan", "unknown", "na"),
    *("unnamed", "untitled", "todo", "tbd", "fixme", "placeholder", "string", "text", "example"),
    *("sample", "asdf", "foo", "bar"),
}
_LEFT_OPEN = re.compile(r"\{\w*\}|<\w[\w ]*>|\$\w+|\[(?:object|part|task|target|color|colour)\]")
_NUMBERED = re.compile(r"(?:task|episode|instruction|test)[\s_-]*\d+")


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    words = seen.episode.instruction
    plain = re.sub(r"[^\w\s-]", "", words).strip().lower()
    if not words.strip():
        return
    if not plain or plain in EMPTY_WORDS or _NUMBERED.fullmatch(plain):
        yield seen.origin.warn(f"{words!r:.40} says nothing of the task", field="instruction")
    elif _LEFT_OPEN.search(words):
        yield seen.origin.warn(f"{words!r:.60} has a place left open", field="instruction")


def _said(episode: Episode, words: str) -> Episode:
    return replace(episode, instruction=words, language={})


def _unfilled(episode: Episode, rng: Generator) -> Episode:
    forms = ("TODO", "task", "N/A", "test", "instruction", "None", "...", "task_0", "default")
    return _said(episode, str(rng.choice(forms)))


def _template(episode: Episode, rng: Generator) -> Episode:
    forms = (
        "pick up {object}",
        "put the {} into the tray",
        "place <part> in the bin",
        "take $item",
    )
    return _said(episode, str(rng.choice(forms)))


CHECK = Check(
    name="placeholder",
    reads="numbers",
    finds="instructions that say nothing of the task, or have a place left open",
    reason="a policy conditioned on language would be told nothing, or the name of a variable",
    source="defaults of recorders and templates of annotators",
    find=find,
    faults={"never filled in": _unfilled, "a template": _template},
)
