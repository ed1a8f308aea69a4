"""Small data sets of others, to import."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rows = Callable[[int], NDArray[Any]]  # number of the episode -> (T, D) numbers or (T, H, W, 3) u1


def lerobot(root: Path, columns: Mapping[str, Rows], episodes: int = 2, fps: float = 10.0) -> Path:
    """A LeRobot v2.1 data set with its pictures in the table, as `lerobot` itself writes it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for folder in ("meta", "data/chunk-000"):
        (root / folder).mkdir(parents=True)
    features, lines, total = {}, [], 0
    for number in range(episodes):
        found = {name: rows(number) for name, rows in columns.items()}
        steps = len(next(iter(found.values())))
        table = {name: _column(values) for name, values in found.items()}
        frame = np.arange(steps)
        table |= {
            "timestamp": pa.array((frame / fps).astype(np.float32)),
            "frame_index": pa.array(frame),
            "episode_index": pa.array(np.full(steps, number)),
            "index": pa.array(total + frame),
            "task_index": pa.array(np.zeros(steps, int)),
        }
        pq.write_table(pa.table(table), root / f"data/chunk-000/episode_{number:06d}.parquet")
        for name, values in found.items():
            kind = "image" if values.ndim == 4 else str(values.dtype)
            features[name] = {"dtype": kind, "shape": list(values.shape[1:]), "names": None}
        lines.append({"episode_index": number, "tasks": ["pick the nut"], "length": steps})
        total += steps
    info = {
        "codebase_version": "v2.1",
        "robot_type": "so101_follower",
        "total_episodes": episodes,
        "total_frames": total,
        "total_tasks": 1,
        "total_videos": 0,
        "total_chunks": 1,
        "chunks_size": 1000,
        "fps": fps,
        "splits": {"train": f"0:{episodes}"},
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": None,
        "features": features,
    }
    (root / "meta/info.json").write_text(json.dumps(info))
    (root / "meta/tasks.jsonl").write_text(json.dumps({"task_index": 0, "task": "pick the nut"}))
    (root / "meta/episodes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines))
    return root


def _column(values: NDArray[Any]) -> Any:
    import pyarrow as pa

    if values.ndim < 4:
        return pa.array(values.tolist(), pa.list_(pa.from_numpy_dtype(values.dtype)))
    cells = []
    for picture in values:
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "PNG")
        cells.append({"bytes": out.getvalue(), "path": None})
    return pa.array(cells)
