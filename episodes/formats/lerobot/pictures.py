"""The pictures of a LeRobot episode: video files, or images in its table."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.errors import UserError
from episodes.formats import frames, guard
from episodes.formats.lerobot.faults import Search
from episodes.formats.lerobot.meta import Dataset, Entry

Array = NDArray[Any]

IMAGES = re.compile(r"observation\.images?\.")


def videos(
    dataset: Dataset, entry: Entry, stamps: NDArray[np.float64], index: int, search: Search
) -> dict[str, Array]:
    out: dict[str, Array] = {}
    for key in dataset.videos:
        clip = entry.clips.get(key)
        if clip is None or not clip.file.is_file():
            search.no_video(key, index)
            continue
        video = frames.look(clip.file)
        # The last frame of a clip starts a period before its end.
        end = clip.end - 0.5 * video.period
        shown = frames.at(clip.file, stamps + clip.start, clip.start, end)
        search.video(key, index, video, shown, stamps)
        out[key] = shown.rgb
    return out


def images(dataset: Dataset, table: Any, place: str) -> dict[str, Array]:
    """Pictures that are kept in the table itself, as PNG or JPEG."""
    out: dict[str, Array] = {}
    for key, feature in dataset.features.items():
        if feature["dtype"] != "image" or key not in table.column_names:
            continue
        rows: Array | None = None
        for step, cell in enumerate(table.column(key)):
            value = cell.as_py()
            data = value.get("bytes") if isinstance(value, dict) else value
            if data is None and isinstance(value, dict) and value.get("path"):
                data = guard.inside(dataset.root, str(value["path"])).read_bytes()
            if not isinstance(data, bytes):
                raise UserError(f"{place}: {key} has no picture at step {step}")
            picture = guard.plain_picture(data, f"{place}: {key}, step {step}")
            if rows is None:
                guard.check_frames(len(table), picture, f"{place}: {key}")
                rows = np.empty((len(table), *picture.shape), picture.dtype)
            if picture.shape != rows.shape[1:]:
                raise UserError(f"{place}: the pictures of {key} are of different sizes")
            rows[step] = picture
        if rows is not None:
            out[key] = rows
    return out


def camera(key: str) -> str:
    return IMAGES.sub("", key).replace("/", ".")
