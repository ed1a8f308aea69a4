"""HEVC films, written by the ffmpeg program that imageio-ffmpeg brings.

PyAV's own libx265 takes the process down: ten films in one process, each closed as it should be,
ended in a segmentation fault or an abort 12 times out of 12 (av 18.1.0).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray


def write(
    path: Path, pictures: NDArray[np.generic], rate: int, pix_fmt: str, params: str = ""
) -> Path:
    """pictures: (T, H, W, 3) u1 of colours, or (T, H, W) u2 of 12 bits.

    params: x265's own, as key=value:key=value."""
    colours = pictures.ndim == 4
    height, width = pictures.shape[1:3]
    source = (
        f"-f rawvideo -pix_fmt {'rgb24' if colours else 'gray12le'} -s {width}x{height} -r {rate}"
    )
    params = ":".join(filter(None, (params, "log-level=none")))
    words = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *source.split(), "-i", "-"]
    words += ["-c:v", "libx265", "-pix_fmt", pix_fmt, "-x265-params", params, str(path)]
    rows = np.ascontiguousarray(pictures, None if colours else "<u2")
    subprocess.run(words, input=rows.tobytes(), check=True, capture_output=True)
    return path
