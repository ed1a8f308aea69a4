"""Is there an instruction?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from numpy.random import Generator

from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    episode = seen.episode
    if not episode.instruction.strip():
        yield seen.origin.fault("it is empty", field="instruction")
    for language, phrases in episode.language.items():
        if any(not phrase.strip() for phrase in phrases):
            yield seen.origin.fault("a phrase is empty", field=f"language/{language}")
    english = episode.language.get("en")
    if english and english[0] != episode.instruction:
        yield seen.origin.error("its first phrase is not the instruction", field="language/en")


def _empty(episode: Episode, rng: Generator) -> Episode:
    return replace(episode, instruction=" " * int(rng.integers(3)), language={})


def _empty_phrase(episode: Episode, rng: Generator) -> Episode | None:
    if not episode.language:
        return None
    names = sorted(episode.language)
    name = names[int(rng.integers(len(names)))]
    return replace(episode, language={**episode.language, name: (*episode.language[name], "")})


def _others(episode: Episode, rng: Generator) -> Episode | None:
    """The sentence of another episode."""
    if "en" not in episode.language:
        return None
    return replace(episode, instruction=f"do not {episode.instruction}")


CHECK = Check(
    name="words",
    reads="numbers",
    finds="instructions that are empty, or not the first of their language",
    reason="a policy conditioned on language would learn to do the task unasked",
    source="docs/library-format.md",
    find=find,
    faults={
        "no instruction": _empty,
        "an empty phrase": _empty_phrase,
        "another instruction": _others,
    },
)
