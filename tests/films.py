"""Small video files of every kind, and data sets made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests import hevc

RATE = 20
SIZE = (32, 48)  # height, width

# file -> encoder, pixel format, options. Keyframes every 8 pictures where there are any.
KINDS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "b_pictures.mp4": ("libx264", "yuv420p", {"g": "8", "bf": "3"}),
    "open_gop.mp4": ("libx264", "yuv420p", {"x264-params": "keyint=8:open-gop=1:bframes=3"}),
    "ten_bits.mp4": ("libx264", "yuv420p10le", {"g": "8"}),
    "full_range.mp4": ("libx264", "yuvj420p", {"g": "8"}),
    "rgb.mp4": ("libx264rgb", "rgb24", {"g": "8", "qp": "0"}),
    "hevc.mp4": ("libx265", "yuv420p", {"x265-params": "keyint=8:bframes=3"}),
    "hevc.mkv": ("libx265", "yuv420p", {"x265-params": "keyint=8:open-gop=1"}),
    "av1.mp4": ("libsvtav1", "yuv420p", {"g": "8", "preset": "12"}),
    "vp8.webm": ("libvpx", "yuv420p", {"g": "8", "auto-alt-ref": "1", "lag-in-frames": "5"}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {"g": "8", "lag-in-frames": "5"}),
    "mpeg4.avi": ("mpeg4", "yuv420p", {"g": "8", "bf": "2"}),
    "mjpeg.mov": ("mjpeg", "yuvj422p", {}),
    "ffv1.mkv": ("ffv1", "bgr0", {"g": "8"}),
    "png.mov": ("png", "rgb24", {}),
}
LOSSLESS = ("rgb.mp4", "ffv1.mkv", "png.mov")


def scenery(steps: int, seed: int = 0) -> NDArray[np.uint8]:
    """(steps, H, W, 3): smooth pictures, each brighter than the one before."""
    rng = np.random.default_rng(seed)
    v, u = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    waves = [np.sin(0.2 * u + a) * np.cos(0.15 * v + b) for a, b in rng.uniform(0, 6, (3, 2))]
    lift = np.linspace(40, 200, steps)[:, None, None, None]
    return (lift + 30 * np.stack(waves, axis=-1)).clip(0, 255).astype(np.uint8)


def film(
    path: Path,
    pictures: NDArray[np.uint8],
    encoder: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    *,
    times: Sequence[float] | None = None,
    matrix: int | None = None,
    container: str | None = None,
    muxing: Mapping[str, str] | None = None,
) -> Path:
    """times [s] of the pictures; None: RATE a second. matrix: FFmpeg's AVColorSpace, as a tag.
    muxing: options of the container."""
    import av

    tick = Fraction(1, RATE) if times is None else Fraction(1, 1000)
    with av.open(str(path), "w", format=container, options=dict(muxing or {})) as file:
        stream = file.add_stream(encoder, rate=RATE, options=dict(options or {}))
        stream.height, stream.width, stream.pix_fmt = *pictures.shape[1:3], pix_fmt
        stream.codec_context.time_base = tick
        if matrix is not None:
            stream.codec_context.colorspace = matrix
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pix_fmt)
            frame.pts = number if times is None else round(times[number] / tick)
            frame.time_base = tick
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def kind(folder: Path, name: str, steps: int = 20) -> NDArray[np.uint8]:
    """Write the film `name` of KINDS; the pictures that went into it."""
    encoder, pix_fmt, options = KINDS[name]
    pictures = scenery(steps)
    if encoder == "libx265":
        hevc.write(folder / name, pictures, RATE, pix_fmt, options["x265-params"])
    else:
        film(folder / name, pictures, encoder, pix_fmt, options)
    return pictures


def takes(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """The folder as a data set of the format `video`: a table of these rows."""
    table = [{"instruction": "turn the valve", **row} for row in rows]
    (folder / "table.json").write_text(json.dumps(table))
    return folder


def truth(path: Path) -> list[NDArray[np.uint8]]:
    """Every picture of a video as PyAV's container gives it, one after the other."""
    import av

    with av.open(str(path)) as file:
        return [
            frame.reformat(format="rgb24", interpolation=16 | 0x2000 | 0x40000).to_ndarray().copy()
            for frame in file.decode(video=0)
        ]
