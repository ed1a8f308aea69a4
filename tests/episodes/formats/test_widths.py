"""Cells with more or fewer bodies in one library: no two cells are alike, but formats want one
shape."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from episodes import formats
from episodes.episode import Episode
from episodes.storage import store
from episodes.storage.library import Library
from tests.helpers import synthetic_episode


def crowded(index: int, more: int) -> Episode:
    """An episode whose cell has `more` other bodies, of which the first moves."""
    episode = synthetic_episode(index, np.random.default_rng(index), steps=5, size=(32, 24))
    assert episode.states is not None
    assert episode.objects is not None
    rest = np.arange(6 * 13 * min(more, 1), dtype=float).reshape(6, -1)
    others = np.ones((6, more, 7)) * np.arange(1.0, more + 1)[:, None]
    return replace(
        episode,
        states=np.concatenate([episode.states, rest], axis=1),
        objects=np.concatenate([episode.objects, others], axis=1),
        object_names=[*episode.object_names, *(f"extra_{i}" for i in range(more))],
    )


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("lerobot", {"version": "v3.0", "codec": "png"}),
        ("lerobot", {"version": "v2.1", "codec": "png"}),
        ("rlds", {}),
        ("robomimic", {}),
        ("webdataset", {}),
    ],
)
def test_libraries_of_unlike_cells_go_out_and_come_back(
    format: str, options: dict[str, str], tmp_path: Path
) -> None:
    if format == "lerobot":
        pytest.importorskip("pyarrow")
        pytest.importorskip("av")
    src = tmp_path / "lib"
    spec = {"spec_id": "a" * 64, "versions": {"cellwright": "0"}}
    store.create(src, {**spec, "episodes": 3, "shard_size": 3, "config": {}})
    crowd = [crowded(index, more) for index, more in enumerate((2, 0, 5))]
    store.write_shard(src, 0, crowd, **spec, created="2026-01-01")

    formats.export_library(format, src, tmp_path / "out", **options)
    formats.import_library(format, tmp_path / "out", tmp_path / "back")

    found = {e.index: e for e in Library(tmp_path / "back").episodes()}
    for episode in Library(src).episodes():
        back = found[episode.index]
        assert np.array_equal(back.states, episode.states)
        assert np.array_equal(back.objects, episode.objects)
        assert list(back.object_names) == list(episode.object_names)
        assert back.content_hash() == episode.content_hash()
