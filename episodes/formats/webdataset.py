"""WebDataset out: tar files whose samples are steps, for streaming from cold storage.

A sample is a run of members of one key, EEEEEE_TTTTTT: `json` (what was said, and by whom),
`numbers.npz` (every numeric row), `{camera}_image.png`, `{camera}_depth.npz` and
`{camera}_segmentation.npz` (16 bits: decoders of pictures would make them 8). The first step of
an episode also has `header.json`: the rest of the episode (flat.py).
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.formats.flat import encode_png, flatten, to_json
from episodes.library import Library

SHARD_BYTES = 256 << 20


def write(library: Library, out: Path) -> None:
    """Write out/NNNNN.tar and out/index.json (of each file: its samples and episodes)."""
    index: dict[str, dict[str, int]] = {}
    tar: tarfile.TarFile | None = None
    try:
        for episode in library.episodes():
            if tar is None or tar.offset >= SHARD_BYTES:
                if tar is not None:
                    tar.close()
                name = f"{len(index):05d}.tar"
                tar = tarfile.open(out / name, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
                index[name] = {"samples": 0, "episodes": 0}
            _add(tar, episode)
            index[name]["samples"] += episode.steps
            index[name]["episodes"] += 1
    finally:
        if tar is not None:
            tar.close()
    if not index:
        raise UserError("the library holds no episodes; nothing to export")
    (out / "index.json").write_text(json.dumps(index, indent=2) + "\n")


def _add(tar: tarfile.TarFile, episode: Episode) -> None:
    flat = flatten(episode)
    said = {
        "episode": episode.index,
        "task": episode.task,
        "robot": episode.robot,
        "domain": episode.domain,
        "instruction": episode.instruction,
        "language": {key: list(texts) for key, texts in episode.language.items()},
        "success": episode.success,
        "steps": episode.steps,
    }
    for step in range(episode.steps):
        key = f"{episode.index:06d}_{step:06d}"
        subtask = next((s for s in episode.subtasks if s.start <= step < s.end), None)
        sample = {
            **said,
            "step": step,
            "subtask": subtask.instruction if subtask else None,
            "recovery": subtask.recovery if subtask else False,
        }
        numbers = io.BytesIO()
        # A member of an archive may not have a folder in its name.
        rows = {name.replace("/", "."): value[step] for name, value in flat.numbers.items()}
        np.savez(numbers, allow_pickle=False, **rows)
        _put(tar, f"{key}.json", json.dumps(sample, ensure_ascii=False).encode())
        _put(tar, f"{key}.numbers.npz", numbers.getvalue())
        for name, frames in flat.pictures.items():
            member = f"{key}.{name.removeprefix('obs/')}"
            if frames.dtype == np.uint8:
                _put(tar, f"{member}.png", encode_png(frames[step]))
            else:
                packed = io.BytesIO()
                np.savez_compressed(packed, allow_pickle=False, frame=frames[step])
                _put(tar, f"{member}.npz", packed.getvalue())
        if not step:
            _put(tar, f"{key}.header.json", to_json(flat.header).encode())


def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # owner, mode and time at fixed values: same data, same bytes
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
