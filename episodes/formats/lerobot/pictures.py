"""The pictures of a LeRobot episode: video files, or images in its table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from episodes.array_types import AnyArray, Floats
from episodes.episode import CameraTrack
from episodes.errors import UserError
from episodes.footage import Footage
from episodes.formats import frames, guard
from episodes.formats.lerobot import depth
from episodes.formats.lerobot.faults import LeRobotFaults
from episodes.formats.lerobot.meta import Dataset, EpisodeEntry

IMAGES = re.compile(r"observation\.images?\.")


def videos(
    dataset: Dataset,
    entry: EpisodeEntry,
    stamps: Floats,
    index: int,
    search: LeRobotFaults,
    by_row: bool = False,
) -> dict[str, AnyArray | Footage]:
    """Video key -> colours, which stay in their video; (T, H, W) of grey of more than 8 bits, or of
    the codes of depth. by_row: frame k is that of row k, whatever their times."""
    out: dict[str, AnyArray | Footage] = {}
    for key in dataset.videos:
        clip = entry.clips.get(key)
        if clip is None or not clip.file.is_file():
            search.no_video(key, index)
            continue
        video = frames.look(clip.file)
        # The last frame of a clip starts a period before its end.
        end = clip.end - 0.5 * video.period
        times = stamps + clip.start
        try:
            chosen = frames.nearest(clip.file, times, clip.start, end, by_row)
        except frames.ClocksDiffer as error:
            way = "; options.frames=by_row shows frame k at row k" if error.as_many else ""
            raise UserError(f"{error}{way}") from None
        search.video(key, index, video, chosen, stamps, by_row)
        bits, feature = frames.bits(video.pix_fmt), dataset.features[key]
        if depth.is_coded(feature, bits) or (bits > 8 and video.pix_fmt.startswith("gray")):
            out[key] = frames.luma(chosen.footage)
            continue
        if depth.is_depth(feature):
            search.lacks(
                "it is said to be depth, but not by which codes: kept as colours",
                field=key,
                episode=index,
            )
        elif bits > 8:
            search.lacks(
                f"its colours have {bits} bits ({video.pix_fmt}), of which 8 are kept",
                field=key,
                episode=index,
            )
        out[key] = chosen.footage
    return out


def tracks(
    dataset: Dataset, seen: Mapping[str, AnyArray | Footage], index: int, search: LeRobotFaults
) -> tuple[dict[str, CameraTrack], dict[str, AnyArray]]:
    """Cameras, with depth where it is known to be that; and what is kept as plain numbers, told."""
    cameras: dict[str, CameraTrack] = {}
    plain: dict[str, AnyArray] = {}
    for key, rows in seen.items():
        name, feature = camera(key), dataset.features.get(key, {})
        if isinstance(rows, Footage):
            cameras[name] = CameraTrack(video=rows)
        elif rows.ndim == 4:
            cameras[name] = CameraTrack(rgb=rows)
        elif (found := depth.track(feature, rows, key in dataset.videos)) is not None:
            search.depth(name, index, feature, rows, key in dataset.videos)
            cameras[name] = found
        elif rows.dtype == np.uint8 and not depth.is_depth(feature):
            cameras[name] = CameraTrack(rgb=np.repeat(rows[..., None], 3, axis=3))
        else:
            plain[name] = rows
            search.no_unit(name, index)
    return cameras, plain


def images(dataset: Dataset, table: Any, place: str) -> dict[str, AnyArray]:
    """Pictures that are kept in the table itself, as PNG or JPEG, depth also as TIFF."""
    out: dict[str, AnyArray] = {}
    for key, feature in dataset.features.items():
        if feature["dtype"] != "image" or key not in table.column_names:
            continue
        rows: AnyArray | None = None
        for step, cell in enumerate(table.column(key)):
            value = cell.as_py()
            data = value.get("bytes") if isinstance(value, dict) else value
            if data is None and isinstance(value, dict) and value.get("path"):
                data = guard.inside(dataset.root, str(value["path"])).read_bytes()
            if not isinstance(data, bytes):
                raise UserError(f"{place}: {key} has no picture at step {step}")
            picture = guard.plain_picture(
                data, f"{place}: {key}, step {step}", tiff=depth.is_depth(feature)
            )
            if rows is None:
                guard.check_frames(len(table), picture, f"{place}: {key}")
                rows = np.empty((len(table), *picture.shape), picture.dtype)
            if picture.shape != rows.shape[1:]:
                raise UserError(f"{place}: the pictures of {key} are of different sizes")
            rows[step] = picture
        if rows is not None:
            out[key] = rows
    return out


def is_colour(rows: AnyArray) -> bool:
    """Whether numbers of a table are pictures: (T, H, W, 3) u1."""
    return rows.ndim == 4 and rows.shape[3] == 3 and rows.dtype == np.uint8


def camera(key: str) -> str:
    return IMAGES.sub("", key).replace("/", ".")
