"""Reserved names of the format for what others recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from numpy.random import Generator

from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding
from episodes.reserved import MEANING, meaning


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """What others recorded stands under a name of the format only with its reason."""
    episode = seen.episode
    if "format" not in episode.lineage:
        return
    known = episode.lineage.get(MEANING, {})
    for group, arrays in (("action", episode.action), ("obs", episode.obs)):
        for path in (f"{group}/{name}" for name in arrays):
            if (what := meaning(path)) and path not in known:
                yield seen.origin.fault(
                    f"nothing says that it is what the format means by this name ({what}); import "
                    "it again",
                    field=path,
                )


def _taken_for_ours(episode: Episode, rng: Generator) -> Episode | None:
    """As if an import had kept the names of its source, of which it knows no meaning."""
    if not any(meaning(f"obs/{name}") for name in episode.obs):
        return None
    return replace(episode, lineage={**episode.lineage, "format": "hdf5", MEANING: {}})


CHECK = Check(
    name="meanings",
    reads="numbers",
    finds="arrays of others under reserved names, without what says that they mean the same",
    reason="a column in degrees or in another frame, mixed with ours under one name, teaches wrong "
    "motions",
    source="docs/library-format.md",
    find=find,
    faults={"names taken over without meaning": _taken_for_ours},
)
