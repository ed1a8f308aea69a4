"""WebDataset in: our own exports alone, for nothing else tells which samples are an episode."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import guard
from episodes.formats.flat import unflatten
from episodes.formats.promises import Promises
from episodes.formats.webdataset import members
from episodes.storage import safe
from episodes.storage.descriptors import opening

MAX_MEMBER_BYTES = 1 << 30

Samples = dict[int, dict[str, bytes]]  # step -> extension -> data


def read(path: Path, *, strict: bool = False, report: Report) -> Iterator[Episode]:
    """The episodes in the order of the files; memory holds one, and its packed samples.

    strict: a folder that holds less than its index promises is refused. UserError: no export of
    ours, a file that is damaged.
    """
    folder = _folder(path)
    promises = Promises(folder, strict, report)
    index = _index(folder)
    files = {file.name: file for file in _tars(folder)}
    found = 0
    for name in sorted(index.keys() | files.keys()):
        if name not in files:
            promises.lacks(f"{name} is missing")
            continue
        if name not in index:
            report.add("warning", f"{name} is not in {members.INDEX}")
        samples = episodes = 0
        for number, steps in _episodes(files[name]):
            episode = _episode(number, steps, f"{name}: episode {number}", promises)
            if episode is not None:
                samples += episode.steps
                episodes += 1
                yield episode
        found += episodes
        holds = {"samples": samples, "episodes": episodes}
        told = index.get(name, holds)
        if told != holds:
            promises.lacks(
                f"{name} holds {episodes} episodes of {samples} samples, {members.INDEX} tells of "
                f"{told['episodes']} of {told['samples']}"
            )
    if not found:
        raise UserError(f"{folder}: its files hold no whole episode")


def is_source(path: Path) -> bool:
    """Whether there are tars and an index that tells of them."""
    return path.is_dir() and (path / members.INDEX).is_file() and bool(_tars(path))


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder, and the files in it that an import depends on."""
    folder = _folder(path)
    return folder, [folder / members.INDEX, *_tars(folder)]


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise UserError(f"no such folder: {path}")
    if not is_source(path):
        raise UserError(
            f"{path}: no .tar files with an {members.INDEX}: of WebDataset only what cellwright "
            "exported can be read, for nothing else tells which samples are an episode"
        )
    return path


def _tars(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.tar") if file.is_file())


def _index(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """File -> its samples and episodes."""
    path = folder / members.INDEX
    index = guard.read_json(path)
    for name, told in index.items():
        if not isinstance(told, dict) or not told.keys() >= {"samples", "episodes"}:
            raise UserError(f"{path}: {name[:80]!r} has no numbers of samples and episodes")
    return index


def _episodes(file: Path) -> Iterator[tuple[int, Samples]]:
    """The number and the samples of each: runs of members of one episode."""
    number: int | None = None
    samples: Samples = {}
    for episode, step, extension, data in _members(file):
        if number is not None and episode != number:
            yield number, samples
            samples = {}
        number = episode
        if extension in samples.setdefault(step, {}):
            raise UserError(f"{file}: episode {episode} has step {step} twice")
        samples[step][extension] = data
    if number is not None:
        yield number, samples


def _members(file: Path) -> Iterator[tuple[int, int, str, bytes]]:
    """Episode, step, extension and data of all members."""
    try:
        with opening(file), tarfile.open(file, "r:") as tar:
            for member in tar:
                parsed = members.parse(member.name)
                if parsed is None or not member.isreg():
                    raise UserError(
                        f"{file}: {member.name[:80]!r} is no member of an export of cellwright"
                    )
                if member.size > MAX_MEMBER_BYTES:
                    raise UserError(f"{file}: {member.name} is over {MAX_MEMBER_BYTES >> 20} MB")
                content = tar.extractfile(member)
                assert content is not None  # it is a regular file
                yield *parsed, content.read()
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise UserError(f"{file} is cut short or damaged ({error})") from None


def _episode(number: int, samples: Samples, place: str, promises: Promises) -> Episode | None:
    """None if there are steps missing."""
    if members.HEADER not in samples.get(0, {}):
        promises.lacks(f"{place} has no {members.HEADER}; left out")
        return None
    header = safe.parse_json(samples[0][members.HEADER], f"{place}: {members.HEADER}")
    try:
        steps = len(samples)
        if header["steps"] != steps or sorted(samples) != list(range(steps)):
            promises.lacks(f"{place} has {steps} of {header['steps']} steps; left out")
            return None
        rows = [
            guard.read_npz(samples[t][members.NUMBERS], f"{place}, step {t}") for t in range(steps)
        ]
        numbers = {
            name: np.stack([row[members.array(name)] for row in rows]) for name in header["arrays"]
        }
        pictures = {
            f"obs/{camera}_{channel}": _pictures(samples, f"{camera}_{channel}", place)
            for camera, told in header["cameras"].items()
            for channel in told["channels"]
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{place}: its header does not fit its samples ({error!r})") from None
    return unflatten(numbers, pictures, header)


def _pictures(samples: Samples, extension: str, place: str) -> AnyArray:
    """(T, H, W, 3) u1 or (T, H, W) u2."""
    out: AnyArray | None = None
    for t in range(len(samples)):
        here = f"{place}, step {t}, {extension}"
        if f"{extension}.png" in samples[t]:
            frame = guard.plain_picture(samples[t][f"{extension}.png"], here)
        else:
            frame = guard.read_npz(samples[t][f"{extension}.npz"], here)[members.FRAME]
        if out is None:
            guard.check_frames(len(samples), frame, here)
            out = np.empty((len(samples), *frame.shape), frame.dtype)
        if frame.shape != out.shape[1:] or frame.dtype != out.dtype:
            raise UserError(f"{here}: it is {frame.shape}, others are {out.shape[1:]}")
        out[t] = frame
    assert out is not None  # an episode has steps
    return out
