"""An MP4 for people, written by the ffmpeg program that imageio-ffmpeg brings."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from episodes.errors import NotInstalled

QUALITY = 15  # x264's crf: 18 looks like the original to most
ENCODED = ["-an", "-c:v", "libx264", "-crf", str(QUALITY), "-pix_fmt", "yuv420p", "-f", "mp4"]


def write(file: Path, frames: Iterable[NDArray[np.uint8]], hz: float) -> None:
    """Frames (H, W, 3) at a rate [Hz]; at least one. Its size, which is even, is the film's; others
    are made to fit, between bars. Raises OSError where not all of them are in the file."""
    rest = iter(frames)
    first = next(rest)
    size = f"{first.shape[1]}x{first.shape[0]}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", f"{hz:.6f}", "-i", "-"]
    words = [_program(), "-y", "-v", "error", *raw, *ENCODED, str(file)]
    with TemporaryFile() as said:
        encoder = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            process_group=0,  # Ctrl-C reaches us, and we end it
            restore_signals=False,  # a limit on the size of files is to be an error, not its death
        )
        try:
            _feed(encoder, chain([first], rest), first.shape)
            failed = encoder.wait()
        finally:
            encoder.kill()
            encoder.wait()
        if failed:
            said.seek(0)
            complaint = said.read(2000).decode(errors="replace").split()
            raise OSError(" ".join(complaint) or f"ffmpeg ended with {failed}")


def _program() -> str:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise NotInstalled(
            "films need the program ffmpeg: pip install imageio-ffmpeg brings one, or give "
            "video_px=0 for the sheet alone"
        ) from error


def _feed(
    encoder: subprocess.Popen[bytes], frames: Iterator[NDArray[np.uint8]], shape: tuple[int, ...]
) -> None:
    assert encoder.stdin is not None
    with suppress(BrokenPipeError), encoder.stdin:  # it has ended, and its exit code tells why
        for frame in frames:
            encoder.stdin.write(_fitted(frame, shape).tobytes())


def _fitted(frame: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if frame.shape == shape:
        return frame
    return np.asarray(ImageOps.pad(Image.fromarray(frame), (shape[1], shape[0])))
