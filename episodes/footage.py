"""Pictures that stay in the video file that they came in: where in it each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import AnyArray, Bools, Floats, Ints

MATRICES = ("bt601", "bt709", "bt2020", "smpte240m", "fcc", "rgb")
LEVELS = ("limited", "full")


class PacketSpan(NamedTuple):
    """Packets [start, stop) that are decoded in one go. wanted: packet -> who asked for it."""

    start: int
    stop: int
    wanted: dict[int, list[int]]


@dataclass(frozen=True)
class Footage:
    """The colour pictures of T steps, in a file of which P packets are known, in decoding order.

    frames (T,): the packet that holds the picture of a step. starts (T,): the packet at which
    decoding has to begin for it. times (P,): when a packet's picture is shown [ticks of `tick` s].
    places, sizes (P,) [bytes]: where it is in the file; a place below 0: not in one piece.
    keys (P,): decoding can begin there. setup, tag: what a decoder is told before the first packet
    (FFmpeg's extradata and codec tag). matrix, levels: how its colours become RGB. pix_fmt: what
    the decoder delivers, as FFmpeg names it.
    """

    file: Path
    codec: str
    tag: str
    setup: bytes = field(repr=False)
    height: int
    width: int
    pix_fmt: str
    matrix: str
    levels: str
    tick: Fraction
    frames: NDArray[np.int32] = field(repr=False)
    starts: NDArray[np.int32] = field(repr=False)
    times: Ints = field(repr=False)
    places: Ints = field(repr=False)
    sizes: NDArray[np.int32] = field(repr=False)
    keys: Bools = field(repr=False)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the decoded pictures: (T, H, W, 3) u1."""
        return len(self.frames), self.height, self.width, 3

    @property
    def in_place(self) -> bool:
        """Whether every packet can be read from the file without its container."""
        return bool((self.places >= 0).all())

    def seconds(self) -> Floats:
        """(T,) when the pictures are shown [s], in the time of the file."""
        return np.asarray(self.times[self.frames] * float(self.tick))

    def of(self, steps: Sequence[int] | AnyArray) -> Footage:
        """The pictures of some of the steps, as ordered; it knows no packets but those they need.

        ValueError: of none.
        """
        frames, starts = self.frames[steps], self.starts[steps]
        if not self.in_place:  # packets are then found by counting
            return replace(self, frames=frames, starts=starts)
        first, last = int(starts.min()), int(frames.max()) + 1
        parts: dict[str, Any] = {
            name: getattr(self, name)[first:last] for name in ("times", "places", "sizes", "keys")
        }
        return replace(self, frames=frames - first, starts=starts - first, **parts)

    def runs(self, steps: Sequence[int], afresh: bool = False) -> Iterator[PacketSpan]:
        """What to decode for some steps, in the order of the file, without what can be skipped.

        afresh: to begin anew at each keyframe.
        """
        wanted: dict[int, list[int]] = {}
        starts: dict[int, int] = {}
        for n, step in enumerate(steps):
            packet = int(self.frames[step])
            wanted.setdefault(packet, []).append(n)
            starts[packet] = int(self.starts[step])
        run: PacketSpan | None = None
        for packet in sorted(wanted):
            start = starts[packet]
            if run is not None and (start == run.start if afresh else start <= run.stop):
                run = PacketSpan(min(start, run.start), packet + 1, run.wanted)
            else:
                if run is not None:
                    yield run
                run = PacketSpan(start, packet + 1, {})
            run.wanted[packet] = wanted[packet]
        if run is not None:
            yield run


def starts_of(frames: AnyArray, times: Ints, keys: Bools) -> NDArray[np.int32]:
    """Where decoding has to begin for each of `frames`: the last keyframe that is neither stored
    nor shown after it. What is stored after a keyframe and shown before it needs an earlier one.
    Where there is none it is the first packet.
    """
    begins = np.flatnonzero(keys)
    if not len(begins) or begins[0]:
        begins = np.concatenate([[0], begins])
    place = np.searchsorted(begins, frames, "right") - 1
    while (late := (place > 0) & (times[begins[place]] > times[frames])).any():
        place = place - late
    return begins[place].astype(np.int32)
