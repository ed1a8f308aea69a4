"""Can a library be trusted? Records, hashes, layout and content, one shard at a time."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from episodes.array_types import Singles
from episodes.check.notes import Notes
from episodes.check.numbers import motion
from episodes.check.pictures import frames
from episodes.check.records import Census
from episodes.check.schema import imported, schema
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Finding
from episodes.storage import decode, hdf5, store
from episodes.storage.descriptors import OutOfDescriptors
from episodes.storage.folder import Folder
from episodes.storage.records import FORMAT, Row, Shard
from episodes.storage.safe import open_hdf5, parse_json, plain
from episodes.storage.video_files import Verified
from episodes.storage.video_group import VIDEOS

# What h5py and our reader raise where a file breaks the format.
UNREADABLE = (UserError, OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError)


def check(
    root: str | Path,
    *,
    records_only: bool = False,
    progress: Callable[[object], None] = lambda shard: None,
) -> list[Finding]:
    """Everything that is wrong with a library; an empty list is a clean bill.

    records_only: commit records and file sizes, without opening a shard. progress: called after
    each shard. A channel that the format allows to be absent is never a finding. Raises UserError
    where `root` is no library at all.
    """
    root = Path(root)
    library = store.describe(root)
    census = Census(root, library)
    found = list(census.findings())
    found += _imported(library)
    if records_only:
        return found
    whole, videos = Whole(), Videos(root)
    for number in census.good:
        found += _shard(root, store.recorded(root, number), whole, videos)
        progress(number)
    return found + list(whole.findings())


def _imported(library: dict[str, Any]) -> Iterator[Finding]:
    """What an import noticed in its source, and no longer can be seen in the library."""
    entries = library.get("findings", [])
    for entry in entries if isinstance(entries, list) else []:
        try:
            yield Finding.from_json(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield Finding("error", f"not a finding: {entry!r:.80}", field="library.json")


def _shard(root: Path, shard: Shard, whole: Whole, videos: Videos) -> Iterator[Finding]:
    place = f"shards/{shard.file}"
    folder = Folder(root / store.SHARDS)
    if folder.sha256(shard.file) != shard.sha256:
        # HDF5 itself may crash on a damaged file, so what is known to be damaged stays closed.
        yield Finding("error", "its bytes are not those that were committed", field=place)
        return
    yield from videos.findings(shard)
    try:
        with open_hdf5(folder.root / shard.file) as file:
            yield from (Finding("error", m, field=place) for m in _frame_of(file, shard))
            for row in shard.rows:
                yield from _demo(file, row, whole, videos)
    except OutOfDescriptors:
        raise
    except UNREADABLE as error:
        yield Finding("error", _reason(error), field=place)


def _reason(error: Exception) -> str:
    told = str(error).splitlines()[0] if str(error) else type(error).__name__
    return told if isinstance(error, UserError) else f"it cannot be read: {told:.120}"


def _frame_of(file: h5py.File, shard: Shard) -> Iterator[str]:
    """What is wrong with a shard around its demos: format, totals, the split."""
    if plain(file.attrs.get("format")) != FORMAT:
        yield f"attribute format is {file.attrs.get('format')!r}, not {FORMAT!r}"
    names = {f"demo_{row.index}" for row in shard.rows}
    data = file.get("data")
    if not isinstance(data, h5py.Group):
        yield "it has no group data"
        return
    if set(data) != names:
        differ = sorted(set(data) ^ names)[:4]
        yield f"its demos are not those of its record: {', '.join(differ)}"
    steps = sum(row.steps for row in shard.rows)
    if data.attrs.get("total") != steps:
        yield f"data/total is {data.attrs.get('total')}, its episodes have {steps} steps"
    try:
        parse_json(plain(data.attrs.get("env_args", "")), "data/env_args")
    except UserError as error:
        yield str(error)
    split = [set(_names(file, f"mask/{side}")) for side in ("train", "valid")]
    if split[0] & split[1]:
        yield f"in both mask/train and mask/valid: {', '.join(sorted(split[0] & split[1])[:4])}"
    if split[0] | split[1] != names:
        yield "mask/train and mask/valid together are not its demos"


def _names(file: h5py.File, path: str) -> list[str]:
    item = file.get(path)
    return hdf5.text(item) if isinstance(item, h5py.Dataset) else []


def _demo(file: h5py.File, row: Row, whole: Whole, videos: Videos) -> Iterator[Finding]:
    notes = Notes(row.index, given=row.domain == "real", ours=row.domain == "sim")
    try:
        demo = file.get(f"data/demo_{row.index}")
        if isinstance(demo, h5py.Group) and imported(demo):
            notes = Notes(row.index, given=True)
        if isinstance(demo, h5py.Group) and schema(demo, row, notes):
            episode = hdf5.get(demo, images=False)
            if episode.content_hash() != row.content_hash:
                notes.error("its states and actions are not those of its record", field="states")
            motion(episode, notes)
            frames(demo, videos.sound(episode), notes)
            valid = f"demo_{row.index}" in _names(file, "mask/valid")
            whole.add(episode, row, valid)
    except UNREADABLE as error:
        notes.error(_reason(error))
    yield from notes.findings


class Videos:
    """The video files of a library, each read once whether it is as it was committed."""

    def __init__(self, root: Path) -> None:
        self._verified, self._folder = Verified(root), Folder(root / VIDEOS)
        self._sound: dict[str, bool] = {}

    def findings(self, shard: Shard) -> Iterator[Finding]:
        """What is wrong with the files of a shard that no shard before it had, beside their size,
        which is for the census. UserError: no PyAV to look at them."""
        for video in shard.videos:
            decode.av()
            if video.file not in self._sound:
                self._sound[video.file] = self._verified(video)
                if not self._sound[video.file] and self._folder.size(video.file) == video.bytes:
                    message = "its bytes are not those that were committed"
                    yield Finding("error", message, field=f"{VIDEOS}/{video.file}")

    def sound(self, episode: Episode) -> Episode:
        """Without the pictures of damaged files. UserError: of a file that no record names."""
        cameras = dict(episode.cameras)
        for name, track in cameras.items():
            if track.video is None:
                continue
            if track.video.file.name not in self._sound:
                raise UserError(f"cameras/{name}: no commit record names {track.video.file.name}")
            if not self._sound[track.video.file.name]:
                cameras[name] = replace(track, video=None)
        return replace(episode, cameras=cameras)


class Whole:
    """What only shows over the whole library; holds a few numbers of each episode."""

    def __init__(self) -> None:
        self._low: dict[tuple[str, str, int], Singles] = {}
        self._high: dict[tuple[str, str, int], Singles] = {}
        self._count: dict[tuple[str, str, int], int] = defaultdict(int)
        self._content: dict[bytes, list[tuple[int, bool]]] = defaultdict(list)
        self._actions: dict[bytes, list[tuple[int, bool]]] = defaultdict(list)

    def add(self, episode: Episode, row: Row, valid: bool) -> None:
        actions = episode.actions
        key = (episode.domain, episode.robot, actions.shape[1])
        if len(actions) and actions.shape[1]:
            low, high = actions.min(axis=0), actions.max(axis=0)
            self._low[key] = np.fmin(self._low.get(key, low), low)
            self._high[key] = np.fmax(self._high.get(key, high), high)
            self._count[key] += 1
        # Of what holds no numbers, nothing follows: empty actions are alike in every episode.
        arrays = [*episode.action.values(), *([] if episode.states is None else [episode.states])]
        if any(array.size for array in arrays):
            self._content[bytes.fromhex(row.content_hash)].append((episode.index, valid))
        if actions.size:
            digest = hashlib.sha256(json.dumps(actions.shape).encode() + actions.tobytes()).digest()
            self._actions[digest].append((episode.index, valid))

    def findings(self) -> Iterator[Finding]:
        yield from self._dead()
        told: set[frozenset[int]] = set()
        for what, seen in (("states and actions", self._content), ("actions", self._actions)):
            for group in seen.values():
                indices = frozenset(index for index, _ in group)
                if len(group) > 1 and indices not in told:
                    told.add(indices)
                    yield from _copies(what, group)

    def _dead(self) -> Iterator[Finding]:
        for key, low in self._low.items():
            dead = np.flatnonzero(low == self._high[key])
            if len(dead) and self._count[key] > 1:
                listed = ", ".join(f"{i} ({low[i]:.4g})" for i in dead[:30])
                more = f" and {len(dead) - 30} more" if len(dead) > 30 else ""
                yield Finding(
                    "warning",
                    f"{len(dead)} of {len(low)} dimensions never change ({key[1]}): {listed}{more}",
                    field="actions",
                )


def _copies(what: str, group: list[tuple[int, bool]]) -> Iterator[Finding]:
    first = group[0][0]
    leak = (
        "; train and valid share them (leakage)" if len({valid for _, valid in group}) > 1 else ""
    )
    for index, _ in group[1:]:
        message = f"the {what} are those of episode {first}{leak}"
        yield Finding("warning", message, index, field="actions")
