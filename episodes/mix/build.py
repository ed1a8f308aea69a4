"""From a config to a manifest: libraries opened, episodes chosen, shares and keys settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from episodes.errors import UserError, unknown
from episodes.mix import align, manifest, normalize
from episodes.mix.items import UNITS, Items
from episodes.mix.lowdim import Kinematics
from episodes.mix.manifest import Manifest, Source, TrainingView
from episodes.mix.quotas import BLOCK, shares
from episodes.mix.sources import Asked, flatten, number
from episodes.mix.windows import SourceWindows
from episodes.storage.filters import select
from episodes.storage.library import Library
from episodes.storage.records import Row

# Every key of a mix's config, beside `sources` and `out`.
DEFAULTS: Mapping[str, Any] = {
    "ratio": None,
    "by": "frame",
    "seed": 0,
    "draws": None,
    "shards": None,
    "max_repeats": None,
    "horizon": 16,
    "history": 1,
    "keys": None,
    "cameras": None,
    "image_size": None,
    "action_space": "ee_delta",
    "hz": None,
    "missing_keys": "drop",
    "normalize": "none",
}
_MOST_STEPS = 100_000  # of a window
_MOST_DRAWS = 10**15


@dataclass(frozen=True)
class _Opened:
    asked: Asked
    library: Library
    rows: tuple[Row, ...]


def build(
    out: Path, config: Mapping[str, Any], kinematics: Mapping[str, Kinematics] | None = None
) -> Manifest:
    """Write the manifest of a mix to `out`, whole or not at all, and return it.

    config: `sources` and what of DEFAULTS is to be otherwise. kinematics: robot -> its joint
    positions (N, J) [rad] to TCP poses (N, 7), where joint commands have to become TCP motion.
    Raises UserError.
    """
    for key in config:
        if key not in DEFAULTS and key not in ("sources", "out"):
            raise unknown("key", key, (*DEFAULTS, "sources"))
    asked = flatten(config.get("sources"), config.get("ratio"))
    wanted = {**DEFAULTS, **config}
    by = _choice(wanted, "by", UNITS)
    seed = _whole(wanted, "seed", 0, 2**63)
    shards_at_once = None if wanted["shards"] is None else _whole(wanted, "shards", 1, 10**6)
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
        most = float(number(most, "max_repeats"))
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


def _draws(asked: Any, sources: Sequence[Source]) -> int:
    """The length that was asked for, or whole blocks until every source was seen once in full."""
    if asked is not None:
        return _whole({"draws": asked}, "draws", 1, _MOST_DRAWS)
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
    size = wanted["image_size"]
    if size is not None:
        pair = size if isinstance(size, list | tuple) else [size, size]
        if len(pair) != 2 or not all(type(n) is int and 1 <= n <= 8192 for n in pair):
            raise UserError(
                f'image_size must be [W,H] in pixels, not {size!r}; try "image_size=[128,128]"'
            )
        size = (pair[0], pair[1])
    hz = wanted["hz"]
    if hz is not None and not 0 < (hz := float(number(hz, "hz"))) <= 10_000:
        raise UserError(f"hz={hz:g} is no rate; give the steps in a second")
    cameras = wanted["cameras"] or {}
    if not isinstance(cameras, Mapping):
        raise UserError('cameras must be like "cameras.main=[front_image,image_0]"')
    return TrainingView(
        horizon=_whole(wanted, "horizon", 1, _MOST_STEPS),
        history=_whole(wanted, "history", 1, _MOST_STEPS),
        keys=_names(wanted["keys"] or (), "keys"),
        cameras={str(n): _names(names, f"cameras.{n}") for n, names in cameras.items()},
        image_size=size,
        action_space=_choice(wanted, "action_space", align.ACTION_SPACES),
        hz=hz,
        missing_keys=_choice(wanted, "missing_keys", align.MISSING),
        normalize=_choice(wanted, "normalize", normalize.SCOPES),
    )


def _names(value: Any, what: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) and n for n in names):
        raise UserError(f"{what} must be a list of names, not {value!r}")
    return tuple(names)


def _choice(wanted: Mapping[str, Any], key: str, known: Sequence[str]) -> str:
    value = "none" if wanted[key] is None and "none" in known else wanted[key]
    if value not in known:
        raise unknown(key, value, known)
    return str(value)


def _whole(wanted: Mapping[str, Any], key: str, least: int, most: int) -> int:
    value = wanted[key]
    if type(value) is not int or not least <= value <= most:
        raise UserError(f"{key} must be a whole number from {least} to {most:,}, not {value!r}")
    return value
