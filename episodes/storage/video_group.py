"""What a demo says of pictures that stay in a video file: its group videos/{camera}_image.

Attributes: file (in the library's folder `videos`), codec, tag, pix_fmt, matrix, levels, height,
width, tick (2,) the unit of time [s] as a fraction. frames (T,) i4: the packet that a step shows.
packets (P, 4) i8, in the order of decoding: time [ticks], place and size in the file [bytes], 1
where decoding can begin. setup (N,) u1: what the decoder is told first, if anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import h5py
import numpy as np

from episodes.footage import LEVELS, MATRICES, Footage, starts_of
from episodes.storage import pack
from episodes.storage.decode import CODECS, MAX_PIXELS
from episodes.storage.records import video_name
from episodes.storage.safe import MAX_CHUNK_BYTES, open_hdf5, plain

GROUP, VIDEOS = "videos", "videos"  # in a demo, and in a library
IMAGE = "_image"


def put(demo: h5py.Group, name: str, footage: Footage) -> None:
    """name: {camera}_image. The file is in its place already."""
    if not footage.in_place:
        raise ValueError(f"{footage.file}: its packets cannot be read without its container")
    group = demo.create_group(f"{GROUP}/{name}")
    for key in ("codec", "tag", "pix_fmt", "matrix", "levels"):
        group.attrs[key] = getattr(footage, key)
    group.attrs["file"] = footage.file.name
    group.attrs["height"], group.attrs["width"] = footage.height, footage.width
    group.attrs["tick"] = [footage.tick.numerator, footage.tick.denominator]
    pack.put(group, "frames", footage.frames.astype("<i4"))
    columns = (footage.times, footage.places, footage.sizes, footage.keys)
    pack.put_packed(group, "packets", np.stack(columns, axis=1).astype("<i8"))
    if footage.setup:
        pack.put(group, "setup", np.frombuffer(footage.setup, np.uint8))


def names(demo: h5py.Group) -> list[str]:
    """{camera}_image of every camera whose pictures are in a video."""
    return list(demo.get(GROUP, ()))


def shape(demo: h5py.Group, name: str) -> tuple[int, ...]:
    """(T, H, W, 3) of the pictures."""
    group = demo[GROUP][name]
    return len(group["frames"]), int(group.attrs["height"]), int(group.attrs["width"]), 3


def get(demo: h5py.Group, name: str) -> Footage:
    """Raises KeyError, ValueError or TypeError where it breaks the format."""
    group = demo[GROUP][name]
    told = {key: plain(group.attrs[key]) for key in group.attrs}
    for key, known in (("codec", CODECS), ("matrix", MATRICES), ("levels", LEVELS)):
        if told[key] not in known:
            raise ValueError(f"{key} is {str(told[key])[:40]!r}, none of {', '.join(known)}")
    height, width = int(told["height"]), int(told["width"])
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise ValueError(f"pictures of {height}x{width}")
    frames, packets = group["frames"][()], group["packets"][()]
    if frames.ndim != 1 or frames.dtype.kind != "i" or packets.dtype.kind != "i":
        raise ValueError("frames or packets are of another type or shape")
    if packets.ndim != 2 or packets.shape[1] != 4 or packets[:, 1:3].min(initial=0) < 0:
        raise ValueError("packets have a shape, a place or a size that none can have")
    if packets[:, 2].max(initial=0) > MAX_CHUNK_BYTES:
        raise ValueError(f"a packet of {packets[:, 2].max()} bytes")
    if len(frames) and not 0 <= frames.min() <= frames.max() < len(packets):
        raise ValueError(f"a step shows a packet that is none of the {len(packets)}")
    times, keys = packets[:, 0].copy(), packets[:, 3] != 0
    numerator, denominator = (int(n) for n in told["tick"])
    if numerator < 1 or denominator < 1:
        raise ValueError(f"tick is {numerator}/{denominator}")
    return Footage(
        file=_folder(demo) / video_name(told["file"]),
        codec=told["codec"],
        tag=str(told["tag"]),
        setup=group["setup"][()].tobytes() if "setup" in group else b"",
        height=height,
        width=width,
        pix_fmt=str(told["pix_fmt"]),
        matrix=told["matrix"],
        levels=told["levels"],
        tick=Fraction(numerator, denominator),
        frames=frames.astype(np.int32),
        starts=starts_of(frames, times, keys),
        times=times,
        places=packets[:, 1].copy(),
        sizes=packets[:, 2].astype(np.int32),
        keys=keys,
    )


def _folder(demo: h5py.Group) -> Path:
    return Path(demo.file.filename).parent.parent / VIDEOS


def files(shard: Path) -> set[str]:
    """The names of the video files that the demos of a shard refer to."""
    with open_hdf5(shard) as file:
        return {name for demo in file["data"].values() for name in _files(demo)}


def _files(demo: h5py.Group) -> Iterator[str]:
    for name in names(demo):
        yield str(plain(demo[GROUP][name].attrs["file"]))
