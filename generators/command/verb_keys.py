"""Every key of every verb, and what it may be.

Defaults and comments stand in conf/VERB.yaml; here is the type, from which follow how a word of
the command line is read, what is refused before any work begins, and what completion offers. Keys
inside groups (`physics.hz`) count where the chosen option has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes.format_names import READABLE, WRITABLE
from episodes.mix import keys as keys_of_mix
from episodes.value_types import (
    Choice,
    Flag,
    LocalPath,
    Maybe,
    Number,
    Numbers,
    RowNumbers,
    Several,
    Size,
    Table,
    Text,
    ValueType,
    WholeNumber,
)
from generators.config.groups import Option

MOST_IN_SHARD = 100_000
MOST_WORKERS = 10_000
MOST_SEED = 2**63 - 1  # what an attribute in HDF5 and every reader of JSON holds

OUT, SOURCE = LocalPath(written=True), LocalPath(folder=True)
SEED = WholeNumber(0, MOST_SEED)
WORKERS = WholeNumber(1, MOST_WORKERS)
COMPRESSION = Choice(("gzip", "lzf", "zstd"))
OTHER_CODE = Choice(("grow", "refuse"))
PICTURES = Choice(("copy", "decode"))
SHARD_SIZE = WholeNumber(1, MOST_IN_SHARD)
DOMAIN = Choice(("real", "sim", "upcycled", "world_model"))

POOL: Mapping[str, ValueType] = {
    "pool.name": Text(),
    "pool.recycle": WholeNumber(1),
    "pool.episode_seconds": Number(1),
    "pool.memory_gb": Maybe(Number(0.1)),
    "pool.address": Maybe(Text()),
    "pool.cluster": Text(),
    "pool.folder": LocalPath(),
    "pool.job_minutes": WholeNumber(1),
    "pool.poll_s": Number(0.01),
}
CELL: Mapping[str, ValueType] = {
    "task.name": Text(),
    "task.max_seconds": Number(0.1),
    "robot.card": Text(),
    "robot.tool": Maybe(Text()),
    "robot.home_jitter_deg": Number(0),
    "physics.hz": WholeNumber(1, 100_000),
    "physics.control_hz": WholeNumber(1, 100_000),
    "physics.solver_iterations": WholeNumber(1, 100_000),
    "physics.contact_stiffness": Number(0),
    "physics.contact_damping": Number(0),
    "physics.settle_s": Number(0, 60),
}
TEXTS = ("name", "topics", "version", "codec", "layout", "colours", "frames")
FORMAT_OPTIONS = Table(
    {
        **{name: Text() for name in TEXTS},
        "hz": Number(above=0, most=100_000),
        "depth": Flag(),
        "merged": Flag(),
        "next_obs": Flag(),
    }
)
FILTER = Table(
    {name: Text() for name in ("task", "robot", "domain", "instruction", "failure", "language")}
)
MESH = Table(
    {"file": Text(), "scale": Maybe(Number(above=0)), "density": Maybe(Number(above=0))},
    or_text=True,
)
_GROUP = {"name": Text(), "path": Text(), "filter": FILTER}
MIXED = RowNumbers(Table({**_GROUP, "sources": RowNumbers(Table(_GROUP))}))

KEYS: Mapping[str, Mapping[str, ValueType]] = {
    "generate": {
        "out": OUT,
        "episodes": WholeNumber(1),
        "seed": SEED,
        "workers": WORKERS,
        "shard_size": SHARD_SIZE,
        "image_size": Size(),
        "compression": COMPRESSION,
        "on_other_code": OTHER_CODE,
        "part": Maybe(MESH),
        "cells": Maybe(SOURCE),
        "reward": Choice(("sparse", "dense")),
        "dry_run": Flag(),
        "probe": Flag(),
        "aim_success": Number(0, 1),
        **POOL,
        **CELL,
    },
    "smoke": {
        "tasks": Maybe(Several(Option("task"))),
        "seconds": Number(0.1),
        "image_size": Maybe(Size()),
        "seed": SEED,
        "workers": WORKERS,
        "limit_s": Number(1),
        "renderer": Option("renderer"),
    },
    "render": {
        "src": SOURCE,
        "out": OUT,
        "look_seed": SEED,
        "image_size": Maybe(Size()),
        "workers": WORKERS,
        "shard_size": SHARD_SIZE,
        "compression": COMPRESSION,
        "on_other_code": OTHER_CODE,
        **POOL,
    },
    "replay": {
        "src": SOURCE,
        "episodes": Maybe(WholeNumber(1)),
        "workers": WORKERS,
        "seconds": Number(1),
    },
    "check": {
        "src": SOURCE,
        "records_only": Flag(),
        "most": Maybe(WholeNumber(1)),
        "thresholds": Table(other=Number(0)),
    },
    "import": {
        "src": LocalPath(),
        "out": OUT,
        "format": Maybe(Text(("auto", *sorted(READABLE)))),
        "strict": Flag(),
        "shard_size": Maybe(SHARD_SIZE),
        "compression": COMPRESSION,
        "pictures": PICTURES,
        "domain": Maybe(DOMAIN),
        "robot": Maybe(Text()),
        "task": Maybe(Text()),
        "licence": Maybe(Text()),
        "exact": Maybe(Several(Text())),
        "options": Maybe(FORMAT_OPTIONS),
    },
    "export": {
        "src": LocalPath(),  # a folder, or the file of a mix
        "out": OUT,
        "format": Text(WRITABLE),
        "filter": Maybe(FILTER),
        "episodes": Maybe(Numbers()),
        "options": Maybe(FORMAT_OPTIONS),
    },
    "mix": {
        "out": Maybe(OUT),
        "audit": Maybe(LocalPath()),
        "sources": Maybe(MIXED),
        **keys_of_mix.KEYS,
    },
    "show": {
        "src": SOURCE,
        "out": Maybe(OUT),
        "episodes": WholeNumber(1),
        "video_px": WholeNumber(0, 8192),
    },
    "list": {"root": SOURCE},
    "part": {
        "src": Text(),
        "scale": Maybe(Number(above=0)),
        "density": Maybe(Number(above=0)),
        "out": Maybe(OUT),
    },
    "repair": {
        "src": SOURCE,
        "workers": WORKERS,
        "quarantined": Flag(),
        "dry_run": Flag(),
        **POOL,
    },
    "audit": {
        "src": SOURCE,
        "fraction": Number(above=0, most=1),
        "seed": SEED,
        "workers": WORKERS,
    },
}


def kind_of(verb: str, key: str) -> ValueType:
    """The kind of a key, `options.hz` too; that of what nothing is known of is plain."""
    kinds = KEYS[verb]
    if key in kinds:
        return kinds[key]
    head, _, rest = key.partition(".")
    found = kinds.get(head, ValueType())
    for name in rest.split(".") if rest else ():
        found = found.inside(name)
    return found


def typed(verb: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The composed config with every value read by its kind; UserError for one that cannot be."""
    out = dict(config)
    for key, kind in KEYS[verb].items():
        *above, name = key.split(".")
        place: Any = out
        for one in above:
            if not isinstance(place, dict) or not isinstance(place.get(one), dict):
                place = {}
                break
            place[one] = dict(place[one])
            place = place[one]
        if name in place:
            place[name] = kind.read(key, place[name])
    return out
