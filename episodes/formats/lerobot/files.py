"""The data and video files of a LeRobot data set that is being written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from episodes.formats.encode import Writer
from episodes.formats.extra import need
from episodes.formats.lerobot import meta

CHUNK = 1000  # files in a folder
DATA_MB, VIDEO_MB = 100, 200  # a file of v3.0 is closed when it has grown so large


class ParquetTables:
    """The parquet files under data/."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._file: Any = None
        self._path: Path | None = None
        self._number = -1

    def append(self, table: Any) -> dict[str, int]:
        """Into the file that is open; a new one when that is full. Where it went."""
        pq = need("pyarrow.parquet", "writing LeRobot data")
        if self._path is None or self._path.stat().st_size >= DATA_MB << 20:
            self.close()
            self._number += 1
            place = {"chunk_index": self._number // CHUNK, "file_index": self._number % CHUNK}
            self._path = self._out / meta.fill(meta.DATA_V3, place)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = pq.ParquetWriter(self._path, table.schema)
        self._file.write_table(table)
        return {
            "data/chunk_index": self._number // CHUNK,
            "data/file_index": self._number % CHUNK,
        }

    def alone(self, table: Any, number: int) -> None:
        """Into a file of its own, as v2.1 has it."""
        pq = need("pyarrow.parquet", "writing LeRobot data")
        place = {"episode_chunk": number // CHUNK, "episode_index": number}
        path = self._out / meta.fill(meta.DATA_V2, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class Clips:
    """The video files of one camera; a context manager."""

    def __init__(self, out: Path, key: str, codec: str, v3: bool) -> None:
        self._out, self._key, self.codec, self._v3 = out, key, codec, v3
        self._writer: Writer | None = None
        self._number = -1
        self.pix_fmt = "yuv420p"

    def add(self, episode: int, rate: float, frames: Any) -> dict[str, Any]:
        """Encode an episode; what the table of episodes of v3.0 says of it."""
        if self._writer is None or self._writer.bytes >= VIDEO_MB << 20 or not self._v3:
            self._close()
            self._number += 1
            path = self._out / video_file(
                self._key, self._number if self._v3 else episode, self._v3
            )
            self._writer = Writer(path, rate, self.codec, *frames.shape[1:3])
            self.pix_fmt = self._writer.pix_fmt
        start = self._writer.seconds
        self._writer.add(frames)
        if not self._v3:
            return {}
        return video_row(self._key, self._number, start, self._writer.seconds)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Clips:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._close()


def video_file(key: str, number: int, v3: bool) -> str:
    """Where a video goes. number: of the file in v3.0, of the episode in v2.1."""
    if v3:
        place = {"chunk_index": number // CHUNK, "file_index": number % CHUNK}
        return meta.fill(meta.VIDEO_V3, {"video_key": key, **place})
    place = {"episode_chunk": number // CHUNK, "episode_index": number}
    return meta.fill(meta.VIDEO_V2, {"video_key": key, **place})


def video_row(key: str, number: int, start: float, end: float) -> dict[str, Any]:
    """What the table of episodes of v3.0 says of a video. start, end: in the file [s]."""
    return {
        f"videos/{key}/chunk_index": number // CHUNK,
        f"videos/{key}/file_index": number % CHUNK,
        f"videos/{key}/from_timestamp": start,
        f"videos/{key}/to_timestamp": end,
    }
