"""Video that came in and goes out as the file it is, where LeRobot can read it so."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from episodes.footage import Footage
from episodes.formats.lerobot.files import video_file, video_row
from episodes.storage import hdf5
from episodes.storage.selection import Selection

CODECS = ("av1", "h264", "hevc")  # those that LeRobot writes
TOLERANCE = 5e-5  # s; LeRobot wants a frame within 1e-4 of a row's time


def steady(chosen: Selection, v3: bool) -> set[str]:
    """The cameras whose video can go out as it is: an MP4 in one of CODECS, whose every frame is
    that of one row at the rate of the episode, and the same in every episode. In v2.1 also a file
    for each episode, which begins with it."""
    films: dict[str, list[tuple[Footage, float]]] = {}
    for row in chosen.rows:
        episode = hdf5.get(chosen.group(row.index), images=False)
        for name, track in episode.cameras.items():
            if track.video is not None:
                films.setdefault(name, []).append((track.video, episode.control_hz))
    found = set()
    for name, of_camera in films.items():
        kinds = {(film.codec, film.pix_fmt, film.shape[1:]) for film, _ in of_camera}
        users = Counter(film.file for film, _ in of_camera)
        if (
            len(of_camera) == len(chosen.rows)
            and len(kinds) == 1
            and all(_steady(film, rate, v3) for film, rate in of_camera)
            and (v3 or max(users.values()) == 1)
        ):
            found.add(name)
    return found


def _steady(film: Footage, rate: float, v3: bool) -> bool:
    times = film.seconds()
    start = times[0] if v3 else 0.0
    apart = np.abs(times - (start + np.arange(len(film)) / rate))
    if film.codec not in CODECS or film.file.suffix != ".mp4" or apart.max() >= TOLERANCE:
        return False
    between = np.unique(film.times)
    shown = film.times[film.frames]
    return int(((between >= shown[0]) & (between <= shown[-1])).sum()) == len(film)


@dataclass
class Copies:
    """The video files of one camera. codec, pix_fmt: known with the first of them."""

    out: Path
    key: str
    v3: bool
    codec: str = ""
    pix_fmt: str = ""
    _numbers: dict[str, int] = field(default_factory=dict)

    def add(self, episode: int, rate: float, film: Footage) -> dict[str, Any]:
        """Copy the file of an episode, once; what the table of episodes of v3.0 says of it."""
        self.codec, self.pix_fmt = film.codec, film.pix_fmt
        number = self._numbers.setdefault(film.file.name, len(self._numbers))
        path = self.out / video_file(self.key, number if self.v3 else episode, self.v3)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(film.file, path)
        start = float(film.seconds()[0])
        return video_row(self.key, number, start, start + len(film) / rate) if self.v3 else {}
