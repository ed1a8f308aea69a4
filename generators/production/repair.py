"""Which shards of a library are damaged, and how their makers make them again."""

from __future__ import annotations

from pathlib import Path

from episodes.errors import UserError
from episodes.storage import growth, hdf5, store
from episodes.storage.descriptors import OutOfDescriptors
from episodes.storage.folder import Folder
from episodes.storage.records import Row, Shard, record_file, row_of, shard_file
from episodes.storage.safe import open_hdf5
from episodes.storage.video_files import Verified
from episodes.storage.video_group import VIDEOS
from generators.production.plan import Plan

CHANGED = "its bytes are not those that were committed"
UNTRUE = "its record does not tell what it holds"


def damaged(root: Path) -> dict[int, str]:
    """number -> what is wrong, for every shard that is not as it was committed.

    What a shard held wrong from the start is for `check`: making it again would not mend it.
    """
    found = dict.fromkeys(store.missing(root), "missing, or cut short")
    folder, as_committed = Folder(root / store.SHARDS), Verified(root)
    sound = []
    for shard in store.records(root):
        if isinstance(shard, UserError) or shard.number in found:
            continue
        videos = [video.file for video in shard.videos if not as_committed(video)]
        if folder.sha256(shard.file) != shard.sha256:
            found[shard.number] = CHANGED  # HDF5 may crash on such a file: it stays closed
        elif videos:
            found[shard.number] = f"{VIDEOS}/{videos[0]}: {CHANGED}"
        else:
            sound.append(shard)
    for shard in sound:
        if _held(root, shard) != shard.rows:
            found[shard.number] = UNTRUE
    return dict(sorted(found.items()))


def uncommitted(plan: Plan) -> list[int]:
    """The damaged shards, ready to be made again.

    The record of a shard whose bytes alone are damaged stays: what is made must agree with it, or
    the run stops as diverged. A record that is itself untrue is taken back.
    """
    store.clean_temporaries(plan.out)
    found = damaged(plan.out)
    for number, what in found.items():
        if what == UNTRUE:
            (plan.out / store.SHARDS / record_file(number)).unlink(missing_ok=True)
    return list(found)


def released(plan: Plan) -> list[int]:
    """The shards of quarantined episodes, taken back whole so that those are tried once more."""
    folder = plan.out / store.SHARDS
    numbers = set()
    for note in store.quarantined(plan.out):
        number = growth.shard_of(plan.ends, plan.shard_size, note["index"])
        for name in (record_file(number), shard_file(number)):  # first what makes it count
            (folder / name).unlink(missing_ok=True)
        (plan.out / store.QUARANTINE / f"{note['index']:06d}.json").unlink(missing_ok=True)
        numbers.add(number)
    return sorted(numbers)


def _held(root: Path, shard: Shard) -> tuple[Row, ...] | None:
    """The rows of what is really in the file of a shard; None if it holds other episodes."""
    try:
        with open_hdf5(root / store.SHARDS / shard.file) as file:
            if set(file["data"]) != {f"demo_{row.index}" for row in shard.rows}:
                return None
            episodes = [hdf5.get(demo, images=False) for demo in file["data"].values()]
    except OutOfDescriptors:
        raise
    except (UserError, OSError, KeyError, ValueError, TypeError, AttributeError):
        return None
    rows = (row_of(episode, shard.spec_id, shard.number) for episode in episodes)
    return tuple(sorted(rows, key=lambda row: row.index))
