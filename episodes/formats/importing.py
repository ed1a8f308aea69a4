"""A foreign data set becomes a library: whole, by one rename, or not at all.

It grows in a hidden folder beside its place, one committed shard after the other. A run that was
interrupted is gone on with: the source is read again (its findings belong to the whole of it),
shards that stand are not made again. What can be seen in the library itself is left to `check`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import Any

from episodes.episode import Episode
from episodes.errors import NotNow, UserError, unknown
from episodes.finding import Finding, Report
from episodes.formats import guard, registry, whole
from episodes.formats.pictures import checked
from episodes.storage import store
from episodes.storage.folder import Folder
from episodes.storage.library import Library
from episodes.storage.locks import alone
from episodes.storage.records import FORMAT, Shard
from episodes.storage.video_files import Verified

IMPORTER = 3  # raise it when the same source gives other episodes
SHARD_BYTES = 256 << 20  # of decoded pictures: what a shard is built from in memory
MAX_SHARD_SIZE = 8
OVERRIDES = ("domain", "licence", "robot", "task")


@dataclass(frozen=True)
class Imported:
    """What an import made, or found made already."""

    out: Path
    format: str
    episodes: int
    steps: int
    report: Report
    already: bool


def import_library(
    format: str | None,
    src: Path,
    out: Path,
    *,
    shard_size: int | None = None,
    strict: bool = False,
    compression: str = "gzip",
    pictures: str = "copy",
    overrides: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    exact: Sequence[str] = (),
    progress: Callable[[Episode], None] = lambda episode: None,
) -> Imported:
    """Read `src` (format None: detected) into a new library at `out`.

    shard_size: episodes a shard; None: as many as fit SHARD_BYTES, at most MAX_SHARD_SIZE.
    pictures: of video: "copy" keeps the files as they are, "decode" the pictures in them.
    overrides: domain, licence, robot or task where the source is silent or wrong; noted in the
    lineage. options: of the format. exact: reserved names whose arrays are known to mean what the
    format means by them (see gate.py). progress: called with each episode. UserError: bad source,
    `out` in use. NotNow: the storage refuses, or another run is at work there; what stands is gone
    on with.
    """
    overrides, options = dict(overrides or {}), dict(options or {})
    for name in overrides:
        if name not in OVERRIDES:
            raise unknown("key to override:", name, OVERRIDES)
    format = format or registry.detect(src)
    root, files = registry.sources(format, src)
    recipe = {
        "format": format,
        "strict": strict,
        "pictures": checked(pictures),
        "overrides": overrides,
        "options": options,
        "exact": sorted(exact),
    }
    # Names go into what is read: the folder's own is often the task.
    digest = _digest({"name": root.resolve().name, **guard.hash_files(root, files)})
    spec_id = _digest(
        {"importer": IMPORTER, "source": digest, **recipe, "options": _contents(options)}
    )
    with alone(out):
        if (out / store.LIBRARY).exists():
            return _existing(out, spec_id, format)
        whole.check_free(out)
        report = Report()
        versions = {"cellwright": version("cellwright"), "importer": str(IMPORTER)}
        episodes = registry.read(
            format, src, strict=strict, report=report, pictures=pictures, exact=exact, **options
        )
        first = next(episodes, None)
        if first is None:
            raise UserError(f"{src}: it holds no episodes")
        size = shard_size or _fitting(first)
        work = whole.beside(out, f"importing-{spec_id[:12]}-{size}")
        store.clean_temporaries(work)
        standing = {shard.number for shard in _committed(work)}
        number = count = steps = 0

        def counted(batch: Iterator[Episode]) -> Iterator[Episode]:
            nonlocal count, steps
            for episode in batch:
                count += 1
                steps += episode.steps
                progress(episode)
                yield _overridden(episode, overrides)

        try:
            while first is not None:
                batch = counted(chain([first], islice(episodes, size - 1)))
                if number in standing:
                    for _ in batch:
                        pass
                else:
                    store.write_shard(
                        work,
                        number,
                        batch,
                        spec_id=spec_id,
                        versions=versions,
                        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                        compression=compression,
                    )
                number += 1
                first = next(episodes, None)
        except NotNow:
            raise  # when its cause is gone, what stands is gone on with
        except UserError:
            shutil.rmtree(work, ignore_errors=True)  # the source must change first
            raise
        report = report.grouped()
        description = {
            "format": FORMAT,
            "spec_id": spec_id,
            "episodes": count,
            "shard_size": size,
            "versions": versions,
            "config": recipe,
            "import": {
                "source": str(src),
                "files": len(files),
                "bytes": sum(path.stat().st_size for path in files),
                "sha256": digest,
            },
            "findings": [finding.to_json() for finding in report],
        }
        text = json.dumps(
            description, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False
        )
        Folder(work).replace(store.LIBRARY, text.encode())
        whole.appear(work, out)
        return Imported(out, format, count, steps, report, already=False)


def _existing(out: Path, spec_id: str, format: str) -> Imported:
    """The finished import that stands at `out`. UserError: something else does."""
    library = Library(out)
    if library.info["spec_id"] != spec_id:
        raise UserError(
            f"{out} holds another library (spec {library.info['spec_id'][:12]}, this source and "
            f"these options are {spec_id[:12]}); choose another out="
        )
    found = library.info.get("findings", [])
    report = Report([Finding.from_json(finding) for finding in found])
    steps = sum(row.steps for row in library.rows)
    return Imported(out, format, len(library), steps, report, already=True)


def _committed(work: Path) -> list[Shard]:
    """The shards of an interrupted import that stand whole."""
    folder, sound = Folder(work / store.SHARDS), Verified(work)
    return [
        shard
        for shard in store.records(work)
        if isinstance(shard, Shard)
        and folder.sha256(shard.file) == shard.sha256
        and all(map(sound, shard.videos))
    ]


def _fitting(episode: Episode) -> int:
    """Episodes of this size that make a shard of SHARD_BYTES."""
    frames = sum(track.rgb.nbytes for track in episode.cameras.values() if track.rgb is not None)
    return max(1, min(MAX_SHARD_SIZE, SHARD_BYTES // max(1, frames)))


def _overridden(episode: Episode, overrides: Mapping[str, str]) -> Episode:
    if not overrides:
        return episode
    lineage = {**episode.lineage, "given": dict(overrides)}
    changes: dict[str, Any] = {**overrides, "lineage": lineage}
    return replace(episode, **changes)


def _contents(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with the sha256 of a file in the place of its name: a topic map, say."""
    out = dict(options)
    for name, value in options.items():
        if isinstance(value, str) and value and (file := Path(value)).is_file():
            out[name] = guard.hash_files(file.parent, [file])[file.name]
    return out


def _digest(value: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(value, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UserError(f"the options of an import must be plain values: {error}") from None
    return hashlib.sha256(text.encode()).hexdigest()
