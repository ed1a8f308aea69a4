"""From a config to a manifest: libraries opened, episodes chosen, shares and keys settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.mix import align, manifest, normalize
from episodes.mix import keys as keys_of_mix
from episodes.mix.items import Items
from episodes.mix.lowdim import Kinematics
from episodes.mix.manifest import Manifest, Source, TrainingView
from episodes.mix.quotas import BLOCK, shares
from episodes.mix.sources import Asked, flatten
from episodes.mix.windows import SourceWindows
from episodes.storage.filters import select
from episodes.storage.library import Library
from episodes.storage.records import Row


@dataclass(frozen=True)
class _Opened:
    asked: Asked
    library: Library
    rows: tuple[Row, ...]


def build(
    out: Path, config: Mapping[str, Any], kinematics: Mapping[str, Kinematics] | None = None
) -> Manifest:
    """Write the manifest of a mix to `out`, whole or not at all, and return it.

    config: `sources` and what of `keys.DEFAULTS` is to be otherwise. kinematics: robot -> its joint
    positions (N, J) [rad] to TCP poses (N, 7), where joint commands have to become TCP motion.
    Raises UserError.
    """
    wanted = keys_of_mix.read(config)
    asked = flatten(config.get("sources"), wanted["ratio"])
    by, seed, shards_at_once = wanted["by"], wanted["seed"], wanted["shards"]
    view = _view(wanted)
    opened = [_open(source) for source in asked]
    notes = tuple(note for one in opened for note in _unfinished(one))
    known = kinematics or {}
    keys, left_out = _keys(opened, view, known)
    parts = _shares(opened, by, view)
    items = [Items(o.rows, by, strides(o.rows, view), o.asked.name, seed) for o in opened]
    sources = tuple(
        Source(
            name=one.asked.name,
            path=manifest.stored_path(one.asked.path, out),
            fingerprint=one.library.fingerprint(),
            domain="+".join(sorted({row.domain for row in one.rows})),
            weight=one.asked.weight,
            part=one.asked.part,
            share=share,
            filter=dict(one.asked.filter),
            chosen=tuple(row.index for row in one.rows),
            items=len(item),
            starts=item.starts,
            steps=sum(row.steps for row in one.rows),
            seconds=sum(row.seconds for row in one.rows),
        )
        for one, share, item in zip(opened, parts, items, strict=True)
    )
    most = wanted["max_repeats"]
    draws = _draws(wanted["draws"], sources)
    if most is not None:
        most = float(most)
        _limit(sources, draws, most)
    windows = [SourceWindows(o.library, o.asked.name, keys, view, known) for o in opened]
    measured = normalize.measure(
        view.normalize,
        keys,
        (
            (s.name, float(s.share), o.rows, w)
            for s, o, w in zip(sources, opened, windows, strict=True)
        ),
    )
    found = Manifest(
        by=by,
        seed=seed,
        draws=draws,
        shards=shards_at_once,
        max_repeats=most,
        view=view,
        sources=sources,
        keys=keys,
        statistics=measured,
        notes=notes + left_out,
    )
    manifest.write(out, found)
    return found


def strides(rows: Sequence[Row], view: TrainingView) -> list[int]:
    """Steps of each episode that a window of `horizon` steps of the mix takes up."""
    if view.hz is None:
        return [view.horizon] * len(rows)
    return [max(1, int(view.horizon * row.steps / row.seconds / view.hz + 1e-9)) for row in rows]


def repeats(source: Source, draws: int) -> float:
    """How often each start of a source is drawn in so many draws of the mix, on average."""
    return float(draws * source.share / source.starts)


def _open(asked: Asked) -> _Opened:
    try:
        library = Library(asked.path)
    except UserError as error:
        raise UserError(f"source {asked.name!r}: {error}") from error
    rows = select(library, asked.filter, asked.name)
    library.close()  # there may be many sources
    return _Opened(asked, library, rows)


def _unfinished(one: _Opened) -> list[str]:
    there, asked = len(one.library.rows), one.library.info["episodes"]
    if there >= asked:
        return []
    return [
        f"{one.asked.name} holds {there} of {asked} episodes; finishing it makes this mix stale"
    ]


def _keys(
    opened: Sequence[_Opened], view: TrainingView, kinematics: Mapping[str, Kinematics]
) -> tuple[tuple[manifest.Key, ...], tuple[str, ...]]:
    schemas, notes = {}, []
    for one in opened:
        schemas[one.asked.name], varied = align.schema(one.library, one.rows)
        one.library.close()
        notes += [
            f"left out {name}: it is not the same in all episodes of {one.asked.name}"
            for name in varied
            if view.keys or not name.startswith("cameras/")  # which come only when they are named
        ]
    able = [o.asked.name for o in opened if {row.robot for row in o.rows} <= set(kinematics)]
    keys, left_out = align.resolve(view, schemas, able)
    resampled = any(
        view.hz is not None and abs(row.steps / row.seconds - view.hz) > 1e-6 * view.hz
        for one in opened
        for row in one.rows
    )
    if resampled and view.action_space == "native" and any(k.name == "actions" for k in keys):
        raise UserError(
            "hz: native actions cannot be resampled, since nobody says whether they add up; choose "
            "action_space=ee_delta or joint_position"
        )
    return keys, (*notes, *left_out)


def _shares(opened: Sequence[_Opened], by: str, view: TrainingView) -> tuple[Fraction, ...]:
    """Shares of the draws. By hour a draw of a slow source weighs more, so it takes fewer."""
    weights = [one.asked.part for one in opened]
    if by == "hour" and view.hz is None:
        for n, one in enumerate(opened):
            rate = sum(row.steps for row in one.rows) / sum(row.seconds for row in one.rows)
            weights[n] *= Fraction(rate).limit_denominator(1000)
    try:
        return shares(weights)
    except ValueError as error:
        raise UserError(f"weights: {error}; leave out what is not to be seen") from error


def _draws(asked: int | None, sources: Sequence[Source]) -> int:
    """The length that was asked for, or whole blocks until every source was seen once in full."""
    if asked is not None:
        return asked
    once = max(ceil(source.starts / source.share) for source in sources)
    return -(-once // BLOCK) * BLOCK


def _limit(sources: Sequence[Source], draws: int, most: float) -> None:
    """UserError if a source would be seen more than `most` times; what would do instead."""
    worst = max(sources, key=lambda source: repeats(source, draws))
    if repeats(worst, draws) <= most * (1 + 1e-12):
        return
    ways = [
        f"draws={int(min(most * source.starts / source.share for source in sources))}",
        "a higher max_repeats",
    ]
    if most * sum(source.starts for source in sources) >= draws:
        ways.insert(0, f"at most {most * worst.starts / draws:.3%} of the draws for it")
    seen = f"{repeats(worst, draws):.4g} times in {draws:,} draws"
    raise UserError(
        f"source {worst.name!r} would be seen {seen}, over max_repeats={most:g}; choose "
        f"{', or '.join(ways)}"
    )


def _view(wanted: Mapping[str, Any]) -> TrainingView:
    size, hz = wanted["image_size"], wanted["hz"]
    return TrainingView(
        horizon=wanted["horizon"],
        history=wanted["history"],
        keys=wanted["keys"] or (),
        cameras={str(n): names for n, names in (wanted["cameras"] or {}).items()},
        image_size=None if size is None else (size[0], size[1]),
        action_space=wanted["action_space"],
        hz=None if hz is None else float(hz),
        missing_keys=wanted["missing_keys"],
        normalize=wanted["normalize"] or "none",
    )
