"""WebDataset out: tar files whose samples are steps, for streaming from cold storage."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from episodes.episode import Episode
from episodes.formats.flat import encode_png, flatten, to_json
from episodes.formats.webdataset import members
from episodes.storage.selection import Selection

SHARD_BYTES = 256 << 20


def write(chosen: Selection, out: Path, *, progress: Callable[[object], None]) -> Sequence[str]:
    """Write out/NNNNN.tar and out/index.json (of each file: its samples and episodes)."""
    index: dict[str, dict[str, int]] = {}
    tar: tarfile.TarFile | None = None
    try:
        for episode in chosen.episodes():
            if tar is None or tar.offset >= SHARD_BYTES:
                if tar is not None:
                    tar.close()
                name = f"{len(index):05d}.tar"
                tar = tarfile.open(out / name, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
                index[name] = {"samples": 0, "episodes": 0}
            _add(tar, episode)
            index[name]["samples"] += episode.steps
            index[name]["episodes"] += 1
            progress(episode)
    finally:
        if tar is not None:
            tar.close()
    (out / members.INDEX).write_text(json.dumps(index, indent=2) + "\n")
    return ()


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
        subtask = next((s for s in episode.subtasks if s.start <= step < s.end), None)
        sample = {
            **said,
            "step": step,
            "subtask": subtask.instruction if subtask else None,
            "recovery": subtask.recovery if subtask else False,
        }

        def put(extension: str, data: bytes, step: int = step) -> None:
            _put(tar, members.name(episode.index, step, extension), data)

        put(members.SAID, json.dumps(sample, ensure_ascii=False).encode())
        numbers = io.BytesIO()
        rows = {members.array(name): value[step] for name, value in flat.numbers.items()}
        np.savez(numbers, allow_pickle=False, **rows)
        put(members.NUMBERS, numbers.getvalue())
        for name, frames in flat.pictures.items():
            extension = members.picture(name)
            if frames.dtype == np.uint8:
                put(f"{extension}.png", encode_png(frames[step]))
            else:
                packed = io.BytesIO()
                frame = {members.FRAME: frames[step]}
                np.savez_compressed(packed, allow_pickle=False, **frame)
                put(f"{extension}.npz", packed.getvalue())
        if not step:
            put(members.HEADER, to_json(flat.header).encode())


def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # owner, mode and time at fixed values: same data, same bytes
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
