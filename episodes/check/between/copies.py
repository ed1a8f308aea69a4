"""The same episode twice, and on both sides of the split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from numpy.random import Generator

from episodes.check.digest import Digest
from episodes.check.kind import Check, Limits
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Sequence[Digest], limits: Limits) -> Iterator[Finding]:
    told: set[frozenset[int]] = set()
    for what, key in (("states and actions", "content"), ("actions", "actions")):
        groups: dict[bytes, list[Digest]] = defaultdict(list)
        for one in seen:
            if getattr(one, key) is not None:
                groups[getattr(one, key)].append(one)
        for group in groups.values():
            indices = frozenset(one.index for one in group)
            if len(group) > 1 and indices not in told:
                told.add(indices)
                yield from _copies(what, group)


def _copies(what: str, group: list[Digest]) -> Iterator[Finding]:
    first = group[0].index
    leak = "; train and valid share them (leakage)" if len({one.train for one in group}) > 1 else ""
    for one in group[1:]:
        message = f"the {what} are those of episode {first}{leak}"
        yield Finding("warning", message, one.index, field="actions")


def _twin(episodes: Sequence[Episode], rng: Generator) -> Sequence[Episode] | None:
    """An episode a second time, under another number."""
    if len(episodes) < 2:
        return None
    one, other = rng.choice(len(episodes), 2, replace=False)
    out = list(episodes)
    out[other] = replace(episodes[one], index=episodes[other].index)
    return out


def _leak(episodes: Sequence[Episode], rng: Generator) -> Sequence[Episode] | None:
    """A twin in the validation set of what is trained on."""
    made = _twin(episodes, rng)
    if made is None:
        return None
    twins: dict[bytes, int] = defaultdict(int)
    out = []
    for episode in made:
        key = episode.actions.tobytes()
        side = "val" if twins[key] else "train"
        twins[key] += 1
        out.append(replace(episode, extra={**episode.extra, "split": side}))
    return out


CHECK = Check(
    name="copies",
    reads="library",
    finds="episodes with the same states and actions, on both sides of the split too",
    reason="a validation that shares episodes with the training measures memory",
    source="Kapoor and Narayanan, Leakage and the reproducibility crisis, 2023",
    find=find,
    faults={"an episode twice": _twin, "a validation episode that was trained on": _leak},
)
