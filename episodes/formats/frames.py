"""Frames of a video by presentation time: found here, decoded by `storage.decode`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import AnyArray, Floats
from episodes.errors import UserError
from episodes.footage import Footage, starts_of
from episodes.formats import guard
from episodes.formats.extra import need
from episodes.storage import decode
from episodes.storage.decode import CODECS, MAX_PIXELS, Read, line
from episodes.storage.descriptors import opening

SAME_TIME = 1e-3  # s; time stamps are often float32
# What FFmpeg may take a file for: none of those that name other files or addresses.
CONTAINERS = "avi,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpegts,mpeg,ivf"
# FFmpeg's AVColorSpace -> the matrix. Where a file does not say it is that of BT.601, whatever the
# size of its pictures: robots' videos are made from RGB by FFmpeg, whose default that is.
MATRICES = {
    0: "rgb", 1: "bt709", 2: "bt601", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m",
    9: "bt2020",
}  # fmt: skip
FULL = 2  # FFmpeg's AVCOL_RANGE_JPEG
_HEADER = 64  # bytes that a container may have between a packet's place and its content


@dataclass(frozen=True)
class Video:
    """What a file says of its first video stream. footage: all its pictures, in the order of time.

    pts (N,): their presentation times [s].
    """

    footage: Footage
    rate: float
    pts: Floats

    @property
    def pix_fmt(self) -> str:
        return self.footage.pix_fmt

    @property
    def height(self) -> int:
        return self.footage.height

    @property
    def width(self) -> int:
        return self.footage.width

    @property
    def period(self) -> float:
        """The time from a frame to the next [s]."""
        if len(self.pts) > 1:
            times = self.footage.times[self.footage.frames]
            ticks = Fraction(float(np.median(np.diff(times))))
            return float(ticks * self.footage.tick)  # exact: 20 Hz of one file is that of another
        return 1 / self.rate if self.rate else 0.0


def look(path: Path) -> Video:
    """Reads headers and packets, and decodes one picture. UserError: no video that can be read."""
    if not path.is_file():
        raise UserError(f"no such file: {path}")
    return _look(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _look(path: Path, _changed: int) -> Video:
    av = need("av", "reading video")
    try:
        with _opened(path) as (container, stream):
            first = next(container.decode(stream), None)
        with _opened(path) as (container, stream), open(path, "rb") as file:
            packets = list(_packets(container, stream, file.fileno()))
            if packets and packets[-1].cut:
                raise ValueError(f"it is cut short after {len(packets) - 1} frames")
            context = stream.codec_context
            tag, setup = str(context.codec_tag), bytes(context.extradata or b"")
            codec, tick = str(context.codec.canonical_name), Fraction(stream.time_base)
            rate = float(stream.average_rate or 0)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UserError(f"{path}: not a video that can be read ({line(error)})") from None
    if first is None or not packets:
        raise UserError(f"{path}: it has no frames")
    if first.colorspace not in MATRICES:
        raise UserError(f"{path}: its colours are of a kind that is not read ({first.colorspace})")
    times = np.array([packet.time for packet in packets], np.int64)
    keys = np.array([packet.key for packet in packets])
    shown = np.flatnonzero([packet.shown for packet in packets])
    frames = shown[np.argsort(times[shown], kind="stable")].astype(np.int32)
    footage = Footage(
        file=path,
        codec=codec,
        tag=tag if tag.isascii() and tag.isprintable() else "",
        setup=setup,
        height=first.height,
        width=first.width,
        pix_fmt=first.format.name,
        matrix=MATRICES[first.colorspace],
        levels="full" if _is_full(first) else "limited",
        tick=tick,
        frames=frames,
        starts=starts_of(frames, times, keys),
        times=times,
        places=np.array([packet.place for packet in packets], np.int64),
        sizes=np.array([packet.size for packet in packets], np.int32),
        keys=keys,
    )
    return Video(footage, rate, footage.seconds())


class _Packet(NamedTuple):
    """time: of its picture [ticks]. place: in the file, -1 where it is not there in one piece."""

    time: int
    place: int
    size: int
    key: bool
    shown: bool
    cut: bool


def _packets(container: Any, stream: Any, descriptor: int) -> Iterator[_Packet]:
    """Every packet of a stream, in the order of decoding; the first is always a beginning."""
    first = True
    for packet in container.demux(stream):
        if not packet.size:  # how PyAV marks the end
            continue
        time = packet.dts if packet.pts is None else packet.pts
        yield _Packet(
            time=time or 0,
            place=_place(descriptor, packet),
            size=packet.size,
            key=first or packet.is_keyframe,
            # what an edit list leaves out is needed for others at most
            shown=packet.pts is not None and not packet.is_discard,
            cut=packet.is_corrupt,
        )
        first = False


def _place(descriptor: int, packet: Any) -> int:
    """Where in the file the bytes of a packet are: some containers put a few of their own before
    them; others divide a packet, or leave out what all of them begin with."""
    content = bytes(packet)
    if packet.pos is None or packet.pos < 0:
        return -1
    try:
        found = os.pread(descriptor, len(content) + _HEADER, packet.pos).find(content)
    except OSError:
        return -1
    return -1 if found < 0 else int(packet.pos) + found


def _is_full(frame: Any) -> bool:
    """Whether the levels are 0 to 255, where 8 bits of brightness may be 16 to 235 only."""
    if frame.color_range:
        return bool(frame.color_range == FULL)
    named = frame.format.name.startswith(("yuvj", "gray", "ya", "pal"))
    return bool(frame.format.is_rgb or named)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """(container, its first video stream). UserError: what we do not read."""
    av = need("av", "reading video")
    with opening(path), av.open(str(path), options={"format_whitelist": CONTAINERS}) as container:
        if not container.streams.video:
            raise UserError(f"{path}: it has no video stream")
        stream = container.streams.video[0]
        context = stream.codec_context
        if context is None or context.codec.canonical_name not in CODECS:
            found = "unknown" if context is None else context.codec.canonical_name
            raise UserError(f"{path}: codec {found!r} is not read; codecs: {', '.join(CODECS)}")
        if context.width * context.height > MAX_PIXELS:
            raise UserError(f"{path}: frames of {context.width}x{context.height} pixels")
        yield container, stream


class ClocksDiffer(UserError):
    """Not every asked time has a frame near it. as_many: there are as many frames as times."""

    def __init__(self, path: Path, times: Floats, pts: Floats) -> None:
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
    """footage: of the frames that T asked times show. late (T,): time asked minus that of the frame
    [s]; by row, 0."""

    footage: Footage
    late: Floats


def nearest(path: Path, times: Floats, first: float, last: float, by_row: bool = False) -> Nearest:
    """The frame nearest to each time (T,) [s of the file], among those of first <= pts <= last.

    by_row: those T frames in their order, whatever their times. UserError: a time lies more than a
    period from every frame; by row, there are not T of them.
    """
    video = look(path)
    inside = np.flatnonzero((video.pts >= first - SAME_TIME) & (video.pts <= last + SAME_TIME))
    if not len(inside):
        raise UserError(f"{path}: no frames from {first:.3f} to {last:.3f} s; is it cut short?")
    pts = video.pts[inside]
    if by_row:
        if len(pts) != len(times):
            raise UserError(
                f"{path}: {len(pts)} frames for {len(times)} rows; only as many can be taken by row"
            )
        return Nearest(video.footage.of(inside), np.zeros(len(times)))
    after = np.clip(np.searchsorted(pts, times), 0, len(pts) - 1)
    before = np.maximum(after - 1, 0)
    chosen = np.where(np.abs(pts[before] - times) <= np.abs(pts[after] - times), before, after)
    late = times - pts[chosen]
    if np.abs(late).max() > 1.01 * video.period + SAME_TIME:
        raise ClocksDiffer(path, times, pts)
    return Nearest(video.footage.of(inside[chosen]), late)


def bits(pix_fmt: str) -> int:
    """Bits of a value in a pixel format of FFmpeg's; 8 where it is not known."""
    av = need("av", "reading video")
    try:
        return max(int(part.bits) for part in av.VideoFormat(pix_fmt, 16, 16).components)
    except ValueError:
        return 8


def colours(footage: Footage) -> NDArray[np.uint8]:
    """(T, H, W, 3). UserError: it cannot be decoded, or would fill the memory."""
    _check_room(footage, 3)
    with _reading(footage) as read:
        return decode.whole(footage, read)


def luma(footage: Footage) -> AnyArray:
    """(T, H, W) u1 or u2: the first plane of the frames, its numbers as they are: the grey or
    brightness of a format of one plane or of Y, U and V.

    UserError: another format; it cannot be decoded, or would fill the memory.
    """
    if not footage.pix_fmt.startswith(("gray", "yuv")):
        raise UserError(
            f"{footage.file}: its pictures are {footage.pix_fmt}, which has no plane of codes"
        )
    _check_room(footage, 2)
    with _reading(footage) as read:
        return decode.luma(footage, read)


def _check_room(footage: Footage, pixel: int) -> None:
    """pixel: its bytes."""
    _, height, width, _ = footage.shape
    frame = np.broadcast_to(np.uint8(0), (height, width, pixel))
    guard.check_frames(len(footage), frame, footage.file)


def prove(footage: Footage) -> None:
    """UserError: some of it cannot be decoded, or not from the keyframes on that the file names."""
    with _reading(footage) as read:
        decode.prove(footage, read)


@contextmanager
def _reading(footage: Footage) -> Iterator[Read]:
    try:
        with decode.reading(footage) if footage.in_place else _demuxing(footage) as read:
            yield read
    except (OSError, ValueError) as error:
        reason = f"{line(error)}; fetch the file again"
        raise UserError(f"{footage.file}: {reason}") from None


@contextmanager
def _demuxing(footage: Footage) -> Iterator[Read]:
    """Through the container, for packets that are asked for in order."""
    with _opened(footage.file) as (container, stream):
        packets = enumerate(packet for packet in container.demux(stream) if packet.size)

        def read(wanted: int) -> bytes:
            for number, packet in packets:
                if number == wanted:
                    return bytes(packet)
            raise ValueError(f"it ends before its packet {wanted}")

        yield read
