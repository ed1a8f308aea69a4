"""LeRobot data sets as others write them, from a few columns."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests import hevc

Array = NDArray[Any]
STEPS = 12
COUNTERS = ("timestamp", "frame_index", "episode_index", "index", "task_index")


def write(
    root: Path,
    columns: Mapping[str, Any],
    *,
    features: Mapping[str, Any] | None = None,
    episodes: int = 2,
    steps: int = STEPS,
    fps: float = 10.0,
    stamps: Array | None = None,
    tasks: Sequence[str] = ("pick the nut",),
    info: Mapping[str, Any] | None = None,
) -> Path:
    """A v2.1 set whose episodes all have the same columns: name -> (T, ...) numbers, a list of T
    texts, or what pyarrow makes a column of. `features` in place of those that follow from them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for folder in ("meta", "data/chunk-000"):
        (root / folder).mkdir(parents=True)
    times = np.arange(steps) / fps if stamps is None else stamps
    told: dict[str, Any] = {}
    for number in range(episodes):
        table = {name: _column(pa, values) for name, values in columns.items()}
        told = {name: _feature(values) for name, values in columns.items()}
        counters = {
            "timestamp": times.astype(np.float32),
            "frame_index": np.arange(steps),
            "episode_index": np.full(steps, number),
            "index": number * steps + np.arange(steps),
            "task_index": np.zeros(steps, np.int64),
        }
        table |= {name: pa.array(rows) for name, rows in counters.items() if name not in table}
        pq.write_table(pa.table(table), root / f"data/chunk-000/episode_{number:06d}.parquet")
        told |= {name: {"dtype": "int64", "shape": [1], "names": None} for name in COUNTERS}
    lines = [
        {"episode_index": number, "tasks": list(tasks[:1]), "length": steps}
        for number in range(episodes)
    ]
    write_lines(root / "meta/episodes.jsonl", lines)
    write_lines(
        root / "meta/tasks.jsonl",
        [{"task_index": number, "task": task} for number, task in enumerate(tasks)],
    )
    everything = {
        "codebase_version": "v2.1",
        "robot_type": "so101_follower",
        "fps": fps,
        "total_episodes": episodes,
        "total_frames": episodes * steps,
        "splits": {"train": f"0:{episodes}"},
        "chunks_size": 1000,
        "features": told | dict(features or {}),
        **(info or {}),
    }
    (root / "meta/info.json").write_text(json.dumps(everything))
    return root


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _column(pa: Any, values: Any) -> Any:
    if isinstance(values, list):
        return pa.array(values)
    if not isinstance(values, np.ndarray):
        return values
    kind = pa.from_numpy_dtype(values.dtype)
    for _ in values.shape[1:]:
        kind = pa.list_(kind)
    return pa.array(values.tolist(), kind)


def _feature(values: Any) -> dict[str, Any]:
    if isinstance(values, np.ndarray):
        return {"dtype": str(values.dtype), "shape": list(values.shape[1:]) or [1], "names": None}
    return {"dtype": "string", "shape": [1], "names": None}


def picture(value: Array, form: str = "PNG") -> dict[str, Any]:
    """The cell of a table that holds a picture."""
    out = io.BytesIO()
    Image.fromarray(value).save(out, form)
    return {"bytes": out.getvalue(), "path": None}


def video(
    path: Path, frames: Array, rate: int, codec: str = "libx264", pix_fmt: str = "yuv420p"
) -> None:
    """(T, H, W, 3) u1 of colours, or (T, H, W) u2 of 12 bits, which are kept without loss."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    if frames.ndim == 3:
        hevc.write(path, frames, rate, "gray12le", "lossless=1")
    elif codec == "libx265":
        hevc.write(path, frames, rate, pix_fmt)
    else:
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate)
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = pix_fmt
            for rows in frames:
                frame = av.VideoFrame.from_ndarray(rows, "rgb24").reformat(format=pix_fmt)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
