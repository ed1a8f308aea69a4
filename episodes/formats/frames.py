"""Frames of a video by presentation time, with PyAV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.extra import need
from episodes.storage.descriptors import opening

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
    pix_fmt: str
    rate: float
    pts: NDArray[np.float64]

    @property
    def period(self) -> float:
        """The time from a frame to the next [s]."""
        if len(self.pts) > 1:
            return float(np.median(np.diff(self.pts)))
        return 1 / self.rate if self.rate else 0.0


def look(path: Path) -> Video:
    """Reads the headers and packets, decodes nothing. UserError: no video that can be read."""
    if not path.is_file():
        raise UserError(f"no such file: {path}")
    return _look(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _look(path: Path, _changed: int) -> Video:
    av = need("av", "reading video")
    try:
        with opening(path), av.open(str(path)) as container:
            stream = _stream(container, path)
            stamps = [p.pts for p in container.demux(stream) if p.pts is not None]
            pts = np.sort(np.array(stamps, np.float64)) * float(stream.time_base)
            context = stream.codec_context
            video = Video(
                width=context.width,
                height=context.height,
                codec=str(context.codec.canonical_name),
                pix_fmt=str(context.pix_fmt),
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


class ClocksDiffer(UserError):
    """Not every asked time has a frame near it. as_many: there are as many frames as times."""

    def __init__(self, path: Path, times: NDArray[np.float64], pts: NDArray[np.float64]) -> None:
        self.as_many = len(pts) == len(times)
        short = float(times.max() - pts[-1])
        why = "as many, but by other clocks" if self.as_many else "not every row has a frame near"
        if len(pts) < len(times) and short > 0:
            why = f"it ends {short:.3f} s before its rows; if it is cut short, fetch it again"
        super().__init__(
            f"{path}: its {len(pts)} frames are at {pts[0]:.3f} to {pts[-1]:.3f} s, the "
            f"{len(times)} rows at {times[0]:.3f} to {times[-1]:.3f} s: {why}"
        )


@dataclass(frozen=True)
class Nearest:
    """pts (T,): presentation times of the frames that T asked times show [s]. late (T,): time asked
    minus that of the frame [s]; by row, 0."""

    pts: NDArray[np.float64]
    late: NDArray[np.float64]


def nearest(
    path: Path, times: NDArray[np.float64], first: float, last: float, by_row: bool = False
) -> Nearest:
    """The frame nearest to each time (T,) [s of the file], among those of first <= pts <= last.

    by_row: those T frames in their order, whatever their times. UserError: a time lies more than a
    period from every frame; by row, there are not T of them.
    """
    video = look(path)
    pts = video.pts[(video.pts >= first - SAME_TIME) & (video.pts <= last + SAME_TIME)]
    if not len(pts):
        raise UserError(f"{path}: no frames from {first:.3f} to {last:.3f} s; is it cut short?")
    if by_row:
        if len(pts) != len(times):
            raise UserError(
                f"{path}: {len(pts)} frames for {len(times)} rows; only as many can be taken by row"
            )
        return Nearest(pts, np.zeros(len(times)))
    after = np.clip(np.searchsorted(pts, times), 0, len(pts) - 1)
    before = np.maximum(after - 1, 0)
    chosen = np.where(np.abs(pts[before] - times) <= np.abs(pts[after] - times), before, after)
    late = times - pts[chosen]
    if np.abs(late).max() > 1.01 * video.period + SAME_TIME:
        raise ClocksDiffer(path, times, pts)
    return Nearest(pts[chosen], late)


def colours(path: Path, wanted: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(T, H, W, 3): the frames at these presentation times, which may repeat.

    UserError: they cannot be decoded.
    """
    return _decode(path, wanted, _rgb)


def luma(path: Path, wanted: NDArray[np.float64]) -> NDArray[Any]:
    """(T, H, W) u1 or u2: the first plane of the frames at these presentation times, its numbers as
    they are: the grey or brightness of a format of one plane or of Y, U and V.

    UserError: another format; the file cannot be decoded.
    """
    video = look(path)
    if not video.pix_fmt.startswith(("gray", "yuv")):
        raise UserError(f"{path}: its pictures are {video.pix_fmt}, which has no plane of codes")
    return _decode(path, wanted, _plane)


def bits(pix_fmt: str) -> int:
    """Bits of a value in a pixel format of FFmpeg's; 8 where it is not known."""
    av = need("av", "reading video")
    try:
        return max(part.bits for part in av.VideoFormat(pix_fmt, 16, 16).components)
    except ValueError:
        return 8


def _plane(frame: Any) -> NDArray[Any]:
    """(H, W) the values of a frame's first plane."""
    plane, name = frame.planes[0], str(frame.format.name)
    deep = frame.format.components[0].bits > 8
    kind = np.dtype((">" if name.endswith("be") else "<") + "u2") if deep else np.dtype("u1")
    rows = np.frombuffer(bytes(plane), kind).reshape(plane.height, -1)
    return rows[:, : plane.width].astype(kind.newbyteorder("="))


def _rgb(frame: Any) -> NDArray[Any]:
    """(H, W, 3) u1."""
    picture: NDArray[Any] = frame.reformat(format="rgb24", interpolation=UNBIASED).to_ndarray()
    return picture


def _decode(
    path: Path, wanted: NDArray[np.float64], pixels: Callable[[Any], NDArray[Any]]
) -> NDArray[Any]:
    """(T, ...) the pixels of the frames that are shown at these times, which may repeat."""
    av = need("av", "reading video")
    rows: dict[int, list[int]] = {}  # time in ticks -> rows that show it
    out: NDArray[Any] | None = None
    try:
        with opening(path), av.open(str(path)) as container:
            stream = _stream(container, path)
            base = float(stream.time_base)
            for row, ticks in enumerate(np.rint(wanted / base).astype(int)):
                rows.setdefault(int(ticks), []).append(row)
            if min(rows) > 0:
                container.seek(min(rows), stream=stream, backward=True)
            for frame in container.decode(stream):
                if frame.pts not in rows:
                    continue
                picture = pixels(frame)
                if out is None:
                    guard.check_frames(len(wanted), picture, path)
                    out = np.empty((len(wanted), *picture.shape), picture.dtype)
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
