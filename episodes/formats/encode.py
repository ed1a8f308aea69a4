"""Video files, one frame after the other."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.errors import UserError
from episodes.formats.extra import need

# codec -> encoder and its options. A keyframe every other frame, as LeRobot writes them: training
# reads frames in random order.
ENCODERS = {
    "h264": ("libx264", {"crf": "18", "preset": "veryfast", "g": "2"}),
    "av1": ("libsvtav1", {"crf": "24", "preset": "10", "g": "2"}),
}
MAX_DENOMINATOR = 1001
AVERAGED = 32 | 0x40000  # swscale flags: colours averaged over their area, accurate rounding


class Writer:
    """An MP4 of a fixed rate; a context manager. Frame k is shown at k / rate."""

    def __init__(self, path: Path, rate: float, codec: str, height: int, width: int) -> None:
        if codec not in ENCODERS:
            raise UserError(f"no video codec {codec!r}; codecs: {', '.join(ENCODERS)}")
        av = need("av", "writing video")
        os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder's errors only, not its settings
        encoder, options = ENCODERS[codec]
        self.frames = 0
        self._path = path
        self.rate = Fraction(rate).limit_denominator(MAX_DENOMINATOR)
        self._av: Any = av
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: Any = av.open(str(path), "w")
        self._stream = self._file.add_stream(encoder, rate=self.rate, options=options)
        self._stream.height, self._stream.width = height, width
        # Half the colour resolution needs even sizes.
        self.pix_fmt = "yuv444p" if height % 2 or width % 2 else "yuv420p"
        self._stream.pix_fmt = self.pix_fmt
        self._stream.codec_context.time_base = 1 / self.rate

    @property
    def bytes(self) -> int:
        """Written so far; an encoder may hold some frames back."""
        return self._path.stat().st_size if self._path.exists() else 0

    @property
    def seconds(self) -> float:
        """Where the next frame goes [s]."""
        return float(self.frames / self.rate)

    def add(self, frames: NDArray[np.uint8]) -> None:
        """Frames (T, H, W, 3); the first one is a keyframe."""
        for number, picture in enumerate(frames):
            frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format=self.pix_fmt, interpolation=AVERAGED)
            frame.pts = self.frames
            frame.time_base = 1 / self.rate
            if not number:
                frame.pict_type = self._av.video.frame.PictureType.I
            for packet in self._stream.encode(frame):
                self._file.mux(packet)
            self.frames += 1

    def close(self) -> None:
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._file.close()
