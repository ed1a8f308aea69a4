"""Frames of a video by presentation time, with PyAV."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.extra import need

CODECS = ("av1", "ffv1", "h264", "hevc", "mjpeg", "mpeg4", "png", "vp8", "vp9")
# swscale flags: nearest colour sample, full resolution, accurate rounding. By default it rounds
# down, which makes every picture 0.5 to 1.5 values darker.
UNBIASED = 16 | 0x2000 | 0x40000
SAME_TIME = 1e-3  # s; time stamps are often float32


@dataclass(frozen=True)
class Video:
    """What a file says of its first video stream. pts (N,): presentation times [s], sorted."""

    width: int
    height: int
    codec: str
    rate: float
    pts: NDArray[np.float64]

    @property
    def period(self) -> float:
        """The time from a frame to the next [s]."""
        if len(self.pts) > 1:
            return float(np.median(np.diff(self.pts)))
        return 1 / self.rate if self.rate else 0.0


@dataclass(frozen=True)
class Shown:
    """rgb (T, H, W, 3) u1 for T asked times; late (T,): time asked minus that of the frame [s]."""

    rgb: NDArray[np.uint8]
    late: NDArray[np.float64]


def look(path: Path) -> Video:
    """Reads the headers and packets, decodes nothing. UserError: no video that can be read."""
    if not path.is_file():
        raise UserError(f"no such file: {path}")
    return _look(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _look(path: Path, _changed: int) -> Video:
    av = need("av", "reading video")
    try:
        with av.open(str(path)) as container:
            stream = _stream(container, path)
            stamps = [p.pts for p in container.demux(stream) if p.pts is not None]
            pts = np.sort(np.array(stamps, np.float64)) * float(stream.time_base)
            context = stream.codec_context
            video = Video(
                width=context.width,
                height=context.height,
                codec=str(context.codec.canonical_name),
                rate=float(stream.average_rate or 0),
                pts=pts,
            )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UserError(f"{path}: not a video that can be read ({_line(error)})") from None
    if not len(video.pts):
        raise UserError(f"{path}: it has no frames")
    return video


def _stream(container: Any, path: Path) -> Any:
    if not container.streams.video:
        raise UserError(f"{path}: it has no video stream")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None or context.codec.canonical_name not in CODECS:
        found = "unknown" if context is None else context.codec.canonical_name
        raise UserError(f"{path}: codec {found!r} is not read; codecs: {', '.join(CODECS)}")
    if context.width * context.height > guard.MAX_PIXELS:
        raise UserError(f"{path}: frames of {context.width}x{context.height} pixels")
    stream.thread_type = "AUTO"
    return stream


def at(path: Path, times: NDArray[np.float64], first: float, last: float) -> Shown:
    """The frame nearest to each time (T,) [s of the file], among those of first <= pts <= last.

    UserError: a time lies more than a period from every frame; the file cannot be decoded.
    """
    video = look(path)
    inside = np.flatnonzero((video.pts >= first - SAME_TIME) & (video.pts <= last + SAME_TIME))
    if not len(inside):
        raise UserError(f"{path}: no frames from {first:.3f} to {last:.3f} s; is it cut short?")
    pts = video.pts[inside]
    after = np.clip(np.searchsorted(pts, times), 0, len(pts) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(pts[before] - times) <= np.abs(pts[after] - times), before, after)
    late = times - pts[nearest]
    worst = int(np.argmax(np.abs(late)))
    if abs(late[worst]) > 1.01 * video.period + SAME_TIME:
        raise UserError(
            f"{path}: its frames are from {pts[0]:.3f} to {pts[-1]:.3f} s, the table asks for "
            f"{times[worst]:.3f} s (row {worst}); the video is shorter than its table"
        )
    return Shown(rgb=_decode(path, pts[nearest]), late=late)


def _decode(path: Path, wanted: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(T, H, W, 3) the frames that are shown at these presentation times, which may repeat."""
    av = need("av", "reading video")
    rows: dict[int, list[int]] = {}  # time in ticks -> rows that show it
    out: NDArray[np.uint8] | None = None
    try:
        with av.open(str(path)) as container:
            stream = _stream(container, path)
            base = float(stream.time_base)
            for row, ticks in enumerate(np.rint(wanted / base).astype(int)):
                rows.setdefault(int(ticks), []).append(row)
            if min(rows) > 0:
                container.seek(min(rows), stream=stream, backward=True)
            for frame in container.decode(stream):
                if frame.pts not in rows:
                    continue
                picture = frame.reformat(format="rgb24", interpolation=UNBIASED).to_ndarray()
                if out is None:
                    guard.check_frames(len(wanted), picture, path)
                    out = np.empty((len(wanted), *picture.shape), np.uint8)
                if picture.shape != out.shape[1:]:
                    raise UserError(f"{path}: the size of its frames changes on the way")
                out[rows.pop(frame.pts)] = picture
                if not rows:
                    break
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UserError(f"{path}: it cannot be decoded ({_line(error)})") from None
    if out is None or rows:
        raise UserError(
            f"{path}: {len(rows)} of its frames cannot be decoded; fetch the file again"
        )
    return out


def _line(error: Exception) -> str:
    return str(error).replace("\n", " ")[:120]
