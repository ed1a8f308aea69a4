"""Cameras that are swapped or mirrored in some episodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.random import Generator

from episodes.array_types import AnyFloats, Floats
from episodes.check import tamper
from episodes.check.camera_scan import shrunk
from episodes.check.digest import Digest
from episodes.check.kind import Check, Limits, Threshold
from episodes.episode import Episode
from episodes.finding import Finding

LEAST_EPISODES = 4
ALIKE = 0.6  # distance of pictures of one place; of different ones about 1


def find(seen: Sequence[Digest], limits: Limits) -> Iterator[Finding]:
    """Mean pictures, small and of equal contrast, against those of the other episodes."""
    groups: dict[tuple[str, str, str, tuple[str, ...]], list[Digest]] = defaultdict(list)
    for one in seen:
        groups[one.domain, one.task, one.robot, tuple(sorted(one.looks))].append(one)
    most = limits["swapped_share"]
    for (*_, names), group in groups.items():
        if len(group) < LEAST_EPISODES:
            continue
        looks = {n: np.stack([_even(one.looks[n]) for one in group]) for n in names}
        usual = {n: np.median(values, axis=0) for n, values in looks.items()}
        gaps = {n: np.array([_gap(look, usual[n]) for look in looks[n]]) for n in names}
        strange = {n: gaps[n] > limits["strange_ratio"] * np.median(gaps[n]) for n in names}
        for i, one in enumerate(group):
            for a, b in combinations(names, 2):
                crossed = _gap(looks[a][i], usual[b]) + _gap(looks[b][i], usual[a])
                ratio = crossed / max(1e-9, gaps[a][i] + gaps[b][i])
                if ratio < most and (strange[a][i] or strange[b][i]):
                    yield _finding(one, f"{a} and {b} seem to be swapped", a, ratio, most)
            for a in names:
                ratio = _gap(looks[a][i][:, ::-1], usual[a]) / max(1e-9, gaps[a][i])
                if ratio < most and strange[a][i]:
                    yield _finding(one, "it seems to be mirrored", a, ratio, most)


def _finding(one: Digest, message: str, name: str, measured: float, most: float) -> Finding:
    field = f"obs/{name}_image"
    return Finding("warning", message, one.index, field=field, measured=measured, threshold=most)


def _even(look: AnyFloats) -> Floats:
    """Of no mean and unit contrast, so that lamps do not count."""
    even = look.astype(float) - look.mean(dtype=float)
    return np.asarray(even / max(1e-6, float(even.std())))


def _gap(one: Floats, other: Floats) -> float:
    return float(np.sqrt(((one - other) ** 2).mean()))


def _at_one_place(episodes: Sequence[Episode]) -> bool:
    """Whether the cameras see much the same in all episodes. Where cells are drawn anew for each,
    no picture is usual, and nothing follows from another one; `edges` and `projection` look there
    at each episode by itself."""
    if len(episodes) < LEAST_EPISODES:
        return False
    for name, track in episodes[0].cameras.items():
        firsts = [e.cameras[name].rgb for e in episodes if name in e.cameras]
        if track.rgb is None or any(rgb is None for rgb in firsts):
            return False
        looks = np.stack([_even(shrunk(rgb[0].mean(axis=2))) for rgb in firsts if rgb is not None])
        if np.median([_gap(look, np.median(looks, axis=0)) for look in looks]) > ALIKE:
            return False
    return bool(episodes[0].cameras)


def _swapped(episodes: Sequence[Episode], rng: Generator) -> Sequence[Episode] | None:
    """Two cables in each other's place."""
    if not _at_one_place(episodes):
        return None
    which = int(rng.integers(len(episodes)))
    one = episodes[which]
    names = sorted(n for n, track in one.cameras.items() if track.rgb is not None)
    if len(names) < 2:
        return None
    a, b = (str(name) for name in rng.choice(names, 2, replace=False))
    made = tamper.camera(one, a, rgb=one.cameras[b].rgb)
    out = list(episodes)
    out[which] = tamper.camera(made, b, rgb=one.cameras[a].rgb)
    return out


def _mirrored(episodes: Sequence[Episode], rng: Generator) -> Sequence[Episode] | None:
    """A driver's setting for video calls."""
    if not _at_one_place(episodes):
        return None
    which = int(rng.integers(len(episodes)))
    found = tamper.one_camera(episodes[which], rng, tamper.pictures)
    if found is None or found[1].rgb is None:
        return None
    out = list(episodes)
    out[which] = tamper.camera(episodes[which], found[0], rgb=found[1].rgb[:, :, ::-1])
    return out


CHECK = Check(
    name="cameras",
    reads="library",
    finds="episodes in which two cameras are swapped or one is mirrored, where all see one place",
    reason="a policy would look for the hand where the bench is",
    source="mean pictures of an episode against those of the others",
    find=find,
    faults={"two cameras swapped": _swapped, "a camera mirrored": _mirrored},
    thresholds=[
        Threshold("swapped_share", 0.7, "of the distance as it is that is left the other way", 1),
        Threshold("strange_ratio", 1.3, "times the usual distance from which a picture is strange"),
    ],
)
