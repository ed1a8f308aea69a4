"""Do subtasks cover the episode once?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from numpy.random import Generator

from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    episode, at = seen.episode, 0
    for subtask in episode.subtasks:
        if not 0 <= subtask.start < subtask.end <= episode.steps:
            where = (subtask.start, subtask.end)
            message = f"{subtask.name!r:.40} is not in the episode"
            yield seen.origin.fault(message, where, "subtasks")
            return
        if subtask.start != at and seen.origin.ours:
            where = (min(at, subtask.start), max(at, subtask.start))
            yield seen.origin.error("subtasks overlap or leave a gap", where, "subtasks")
            return
        at = subtask.end
    if episode.subtasks and at != episode.steps and seen.origin.ours:
        yield seen.origin.error("no subtask covers the end", (at, episode.steps), "subtasks")


def _past_the_end(episode: Episode, rng: Generator) -> Episode | None:
    if not episode.subtasks:
        return None
    *most, last = episode.subtasks
    late = replace(last, end=episode.steps + int(rng.integers(1, 20)))
    return replace(episode, subtasks=(*most, late))


def _hole(episode: Episode, rng: Generator) -> Episode | None:
    """A subtask is left out."""
    if episode.domain != "sim" or len(episode.subtasks) < 2:
        return None
    gone = int(rng.integers(len(episode.subtasks)))
    left = (subtask for i, subtask in enumerate(episode.subtasks) if i != gone)
    return replace(episode, subtasks=tuple(left))


CHECK = Check(
    name="subtasks",
    reads="numbers",
    finds="subtasks beyond the episode, that overlap, or leave steps without one",
    reason="their instructions would be taught over the wrong steps",
    source="docs/library-format.md",
    find=find,
    faults={"a subtask beyond the end": _past_the_end, "a subtask left out": _hole},
)
