"""Pictures out of video files, by PyAV, which is imported when it is needed.

Packets are read at their places: a picture costs the decoding from its keyframe on, no more is
opened for it than the bytes of the file, and only a decoder ever sees those. Colours become RGB in
one pinned way, so that a picture is the same with whichever others it is read.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.footage import Footage, PacketSpan
from episodes.storage.safe import MAX_DATASET_BYTES

Read = Callable[[int], bytes]  # the number of a packet -> its bytes

CODECS = ("av1", "ffv1", "h264", "hevc", "mjpeg", "mpeg4", "png", "vp8", "vp9")
MAX_PIXELS = 64 << 20  # of one picture
_DECODERS = {"av1": "libdav1d"}  # FFmpeg's own needs hardware
# swscale flags: nearest colour sample, full resolution, accurate rounding, the same on every
# processor. By default it rounds down, which makes every picture 0.5 to 1.5 values darker.
_UNBIASED = 16 | 0x2000 | 0x40000 | 0x80000
_MATRICES = {"bt709": 1, "fcc": 4, "bt601": 5, "smpte240m": 7, "bt2020": 9}  # as swscale counts
_LEVELS = {"limited": 1, "full": 2}
_INTRA = 1  # FFmpeg's AV_PICTURE_TYPE_I
_KEPT = 8  # decoders of a thread

_own = threading.local()


def av() -> ModuleType:
    """PyAV. UserError: it is not installed."""
    try:
        return import_module("av")
    except ImportError:
        raise UserError("reading video needs PyAV: pip install av") from None


@contextmanager
def reading(footage: Footage) -> Iterator[Read]:
    """Opens the file. OSError: it is not there; ValueError, of what it yields: it ends early."""
    descriptor = os.open(footage.file, os.O_RDONLY | os.O_CLOEXEC)
    try:

        def read(packet: int) -> bytes:
            size = int(footage.sizes[packet])
            data = os.pread(descriptor, size, int(footage.places[packet]))
            if len(data) != size:
                raise ValueError(f"{footage.file.name} ends before its packet {packet}")
            return data

        yield read
    finally:
        os.close(descriptor)


def pictures(
    footage: Footage, steps: Sequence[int], read: Read
) -> Iterator[tuple[list[int], AnyArray]]:
    """(which of the steps, (H, W, 3) u1) of each picture that they show, in the order of the file.

    ValueError: it cannot be decoded. UserError: no PyAV.
    """
    with _decoder(footage) as decoder:
        for run in footage.runs(steps):
            for rows, frame in decoder.decoded(run, read, footage):
                yield rows, decoder.rgb(frame, footage)


def whole(footage: Footage, read: Read) -> AnyArray:
    """(T, H, W, 3) u1. Raises as `pictures`."""
    if math.prod(footage.shape) > MAX_DATASET_BYTES:
        raise ValueError(f"its pictures are over {MAX_DATASET_BYTES >> 30} GiB")
    out = np.empty(footage.shape, np.uint8)
    for rows, picture in pictures(footage, range(len(footage)), read):
        out[rows] = picture
    return out


def luma(footage: Footage, read: Read) -> AnyArray:
    """(T, H, W) u1 or u2: the first plane of the pictures, its numbers as they are."""
    rows_of: list[tuple[list[int], AnyArray]] = []
    with _decoder(footage) as decoder:
        for run in footage.runs(range(len(footage))):
            for rows, frame in decoder.decoded(run, read, footage):
                rows_of.append((rows, _plane(frame)))
    out = np.empty((len(footage), *rows_of[0][1].shape), rows_of[0][1].dtype)
    for rows, plane in rows_of:
        out[rows] = plane
    return out


def _plane(frame: Any) -> AnyArray:
    """(H, W) the values of a frame's first plane."""
    plane, name = frame.planes[0], str(frame.format.name)
    deep = frame.format.components[0].bits > 8
    kind = np.dtype((">" if name.endswith("be") else "<") + "u2") if deep else np.dtype("u1")
    rows = np.frombuffer(bytes(plane), kind).reshape(plane.height, -1)
    return rows[:, : plane.width].astype(kind.newbyteorder("="))


def in_order(footage: Footage, read: Read) -> Iterator[AnyArray]:
    """(H, W, 3) u1 of each step, few of them in memory. Raises as `pictures`."""
    waiting: dict[int, AnyArray] = {}
    step = 0
    for rows, picture in pictures(footage, range(len(footage)), read):
        waiting |= dict.fromkeys(rows, picture)
        while step in waiting:
            yield waiting.pop(step)
            step += 1


def prove(footage: Footage, read: Read) -> None:
    """Decode every picture from its own keyframe on. Raises as `pictures`, and ValueError where a
    keyframe is none."""
    with _decoder(footage) as decoder:
        for run in footage.runs(range(len(footage)), afresh=True):
            for rows, frame in decoder.decoded(run, read, footage):
                if frame.pts == run.start and not (frame.key_frame or frame.pict_type == _INTRA):
                    raise ValueError(f"step {rows[0]} is marked as a keyframe and is none")


@contextmanager
def _decoder(footage: Footage) -> Iterator[_Decoder]:
    """One that nobody else uses; it is kept for the next time unless something went wrong."""
    if not hasattr(_own, "decoders"):
        _own.decoders = OrderedDict()
    kind = (footage.codec, footage.tag, footage.setup, footage.width, footage.height)
    decoder = _own.decoders.pop(kind, None) or _Decoder(footage)
    yield decoder
    _own.decoders[kind] = decoder
    while len(_own.decoders) > _KEPT:
        _own.decoders.popitem(last=False)


class _Decoder:
    """A decoder of FFmpeg, ready for the first packet of a run. It has no threads of its own: to
    end those, PyAV waits for them with Python's lock in hand, which they may wait for, and in a
    forked process they are gone.
    """

    def __init__(self, footage: Footage) -> None:
        if footage.codec not in CODECS:
            raise ValueError(f"codec {footage.codec!r} is not read; codecs: {', '.join(CODECS)}")
        self._av = av()
        name = _DECODERS.get(footage.codec, footage.codec)
        try:
            self._context: Any = self._av.CodecContext.create(name, "r")
        except ValueError:
            raise UserError(f"PyAV has no decoder {name!r} here: pip install -U av") from None
        self._context.extradata = footage.setup or None
        self._context.width, self._context.height = footage.width, footage.height
        if footage.tag:
            self._context.codec_tag = footage.tag
        self._context.thread_count = 1
        self._reformatter: Any = self._av.video.reformatter.VideoReformatter()

    def decoded(
        self, run: PacketSpan, read: Read, footage: Footage
    ) -> Iterator[tuple[list[int], Any]]:
        """(who asked for it, PyAV's frame). A packet's number goes through the decoder as its
        time, and so comes out with its picture."""
        left = set(run.wanted)
        for number in (*range(run.start, run.stop), None):
            for frame in self._fed(number, read, footage):
                if frame.pts not in left:
                    continue
                left.remove(frame.pts)
                if (frame.height, frame.width) != (footage.height, footage.width):
                    raise ValueError("the size of its pictures changes on the way")
                yield run.wanted[frame.pts], frame
        if left:
            raise ValueError(f"{len(left)} of its pictures cannot be decoded")
        self._context.flush_buffers()

    def _fed(self, number: int | None, read: Read, footage: Footage) -> list[Any]:
        """What comes out for a packet; for None, what was held back for its order."""
        packet = None
        if number is not None:
            data = read(number)
            # Of that size, then filled: made from bytes it has not the room behind them that
            # FFmpeg's decoders may look at, and wrong pictures come out now and then.
            packet = self._av.Packet(len(data))
            packet.update(data)
            packet.pts, packet.is_keyframe = number, bool(footage.keys[number])
        try:
            return list(self._context.decode(packet))
        except self._av.FFmpegError as error:
            raise ValueError(f"it cannot be decoded ({line(error)})") from None

    def rgb(self, frame: Any, footage: Footage) -> AnyArray:
        """(H, W, 3) u1."""
        try:
            made = self._reformatter.reformat(
                frame,
                format="rgb24",
                interpolation=_UNBIASED,
                src_colorspace=_MATRICES.get(footage.matrix),
                src_color_range=_LEVELS[footage.levels],
                dst_color_range=_LEVELS["full"],
                threads=1,
            )
        except self._av.FFmpegError as error:
            raise ValueError(f"its colours cannot be read ({line(error)})") from None
        out: AnyArray = made.to_ndarray()
        return out


def line(error: Exception) -> str:
    return str(error).replace("\n", " ")[:120]
