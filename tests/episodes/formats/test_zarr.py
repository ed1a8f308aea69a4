"""zarr stores, written here by the specification: replay buffers of Diffusion Policy and UMI."""

from __future__ import annotations

import contextlib
import gzip
import json
import shlex
import tracemalloc
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from episodes import Library, formats
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from generators.command.cli import dispatch
from tests.helpers import ROOT

numcodecs = pytest.importorskip("numcodecs")

BOMB = 60 << 20  # bytes
ENDS = (3, 8)
ROWS = ENDS[-1]
Array = NDArray[Any]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def read(path: Path, report: Report | None = None, **options: Any) -> list[Episode]:
    return list(formats.read("zarr", path, report=report, **options))


PACKED = {
    "blosc": lambda data: numcodecs.blosc.compress(data, b"lz4", 5, 1, 0),
    "zstd": lambda data: numcodecs.zstd.compress(data, 1),
    "lz4": lambda data: numcodecs.lz4.compress(data, 1),
    "zlib": zlib.compress,
    "gzip": gzip.compress,
}


def array(
    values: Array, chunks: tuple[int, ...], codec: str | None = None, **more: Any
) -> dict[str, bytes]:
    """Key -> bytes of an array of version 2."""
    told = {
        "zarr_format": 2, "shape": list(values.shape), "chunks": list(chunks), "order": "C",
        "dtype": values.dtype.str, "fill_value": 0, "filters": None,
        "compressor": None if codec is None else {"id": codec}, **more,
    }  # fmt: skip
    out = {".zarray": json.dumps(told).encode()}
    for at in np.ndindex(*(-(-n // c) for n, c in zip(values.shape, chunks, strict=True))):
        whole = np.zeros(chunks, values.dtype)
        part = values[tuple(slice(i * c, (i + 1) * c) for i, c in zip(at, chunks, strict=True))]
        whole[tuple(map(slice, part.shape))] = part
        data = whole.tobytes(told["order"])
        out[".".join(map(str, at))] = data if codec is None else PACKED[codec](data)
    return out


def store(arrays: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    group = b'{"zarr_format": 2}'
    out = {".zgroup": group, "data/.zgroup": group, "meta/.zgroup": group}
    for name, keys in arrays.items():
        out |= {f"{name}/{key}": value for key, value in keys.items()}
    return out


def write(path: Path, keys: Mapping[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for key, value in keys.items():
                archive.writestr(key, value)
        return path
    for key, value in keys.items():
        file = path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value)
    return path


def values(rng: np.random.Generator) -> dict[str, Array]:
    return {
        "data/action": rng.normal(size=(ROWS, 2)).astype("<f4"),
        "data/state": rng.normal(size=(ROWS, 5)),
        "data/keypoint": rng.normal(size=(ROWS, 9, 2)).astype("<f4"),
        "data/img": rng.integers(0, 255, (ROWS, 6, 7, 3)).astype("<f4"),
        "data/timestamp": 1.7e9 + np.arange(ROWS) / 10,
        "meta/episode_ends": np.array(ENDS),
    }


def pusht(
    rng: np.random.Generator, codec: str | None = "blosc", **more: Any
) -> tuple[dict[str, Array], dict[str, bytes]]:
    """As diffusion_policy has it, in chunks that no episode fits."""
    made = values(rng)
    chunks = {name: (5, *v.shape[1:]) if v.ndim > 1 else (3,) for name, v in made.items()}
    chunks["data/keypoint"] = (3, 4, 2)
    return made, store({n: array(v, chunks[n], codec, **more) for n, v in made.items()})


def check(episodes: list[Episode], made: Mapping[str, Array]) -> None:
    assert [episode.steps for episode in episodes] == [3, 5]
    start = 0
    for episode in episodes:
        rows = slice(start, start + episode.steps)
        np.testing.assert_array_equal(episode.actions, made["data/action"][rows])
        np.testing.assert_array_equal(episode.obs["state"], made["data/state"][rows])
        np.testing.assert_array_equal(episode.obs["keypoint"], made["data/keypoint"][rows])
        np.testing.assert_array_equal(episode.cameras["img"].rgb, made["data/img"][rows])
        start += episode.steps


@pytest.mark.parametrize("codec", [None, *PACKED])
def test_a_replay_buffer(codec: str | None, tmp_path: Path, rng: np.random.Generator) -> None:
    made, keys = pusht(rng, codec)
    path = write(tmp_path / "pusht.zarr", keys)
    assert formats.detect(path) == "zarr"
    episodes = read(path)
    check(episodes, made)
    assert {e.lineage["layout"] for e in episodes} == {"replay_buffer"}
    assert episodes[0].control_hz == pytest.approx(10, rel=1e-3)
    assert episodes[0].task == "pusht"


@pytest.mark.parametrize("prefix", ["", "pusht.zarr/"])
def test_a_zipped_store(prefix: str, tmp_path: Path, rng: np.random.Generator) -> None:
    """As zarr's ZipStore writes it, and as one zips a folder."""
    made, keys = pusht(rng)
    path = write(tmp_path / "pusht.zarr.zip", {prefix + k: v for k, v in keys.items()})
    assert formats.detect(path) == "zarr"
    check(read(path), made)
    formats.import_library(None, path, tmp_path / "library")
    assert len(Library(tmp_path / "library")) == 2


def test_version_3(tmp_path: Path, rng: np.random.Generator) -> None:
    made = values(rng)
    group = json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {}}).encode()
    keys = {"zarr.json": group, "data/zarr.json": group, "meta/zarr.json": group}
    for name, rows in made.items():
        told = {
            "zarr_format": 3, "node_type": "array", "shape": list(rows.shape), "fill_value": 0,
            "data_type": {"f4": "float32", "f8": "float64", "i8": "int64"}[rows.dtype.str[1:]],
            "chunk_grid": {
                "name": "regular",
                "configuration": {"chunk_shape": [4, *rows.shape[1:]]},
            },
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd"}],
        }  # fmt: skip
        keys[f"{name}/zarr.json"] = json.dumps(told).encode()
        tail = "/0" * (rows.ndim - 1)
        for at in range(2):
            whole = np.zeros((4, *rows.shape[1:]), rows.dtype)
            part = rows[4 * at : 4 * at + 4]
            whole[: len(part)] = part
            keys[f"{name}/c/{at}{tail}"] = PACKED["zstd"](whole.tobytes())
    check(read(write(tmp_path / "new.zarr", keys)), made)


def test_chunks_that_are_not_written_are_the_fill_value(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    _, keys = pusht(rng)
    del keys["data/state/0.0"]
    one, _ = read(write(tmp_path / "a.zarr", keys))
    assert not one.obs["state"].any()


def umi(rng: np.random.Generator) -> tuple[Array, dict[str, bytes]]:
    imagecodecs = pytest.importorskip("imagecodecs")
    frames = np.repeat(np.repeat(rng.integers(0, 255, (ROWS, 4, 4, 3), np.uint8), 4, 1), 4, 2)
    packed = array(frames, (1, 16, 16, 3), compressor={"id": "imagecodecs_jpegxl"})
    for row in range(ROWS):
        packed[f"{row}.0.0.0"] = imagecodecs.jpegxl_encode(frames[row], lossless=True)
    low = {
        "robot0_eef_pos": 3,
        "robot0_eef_rot_axis_angle": 3,
        "robot0_gripper_width": 1,
        "robot0_demo_start_pose": 6,
    }
    made = {f"data/{n}": rng.normal(size=(ROWS, w)).astype("f4") for n, w in low.items()}
    keys = {name: array(rows, rows.shape) for name, rows in made.items()}
    return frames, store(
        {**keys, "data/camera0_rgb": packed, "meta/episode_ends": array(np.array(ENDS), (2,))}
    )


def test_umi_has_no_actions_and_says_so(tmp_path: Path, rng: np.random.Generator) -> None:
    frames, keys = umi(rng)
    path = write(tmp_path / "dataset.zarr.zip", keys)
    with pytest.raises(UserError, match=r"control rate; give it: 'options=\{hz:20\}'"):
        read(path)
    report = Report()
    one, two = read(path, report, hz=59.94)
    assert one.lineage["layout"] == "umi"
    assert one.actions.shape == (3, 0)
    np.testing.assert_array_equal(two.cameras["camera0"].rgb, frames[3:])
    assert set(two.obs) == {
        "robot0_eef_pos",
        "robot0_eef_rot_axis_angle",
        "robot0_gripper_width",
        "robot0_demo_start_pose",
    }


def test_the_command_of_the_docs(tmp_path: Path, rng: np.random.Generator) -> None:
    _, keys = umi(rng)
    write(tmp_path / "dataset.zarr.zip", keys)
    page = (ROOT / "docs" / "formats.md").read_text()
    (line,) = [li for li in page.splitlines() if "src=path/to/dataset.zarr.zip" in li]
    _, *words = shlex.split(line.replace("path/to", str(tmp_path)).replace("runs", str(tmp_path)))
    assert dispatch(words) == 0
    assert {row.steps for row in Library(tmp_path / "umi")} == {3, 5}


def test_a_picture_of_another_size_than_its_array_is_refused(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    _, keys = umi(rng)
    huge = np.zeros((300, 300, 3), np.uint8)
    keys["data/camera0_rgb/0.0.0.0"] = imagecodecs.jpegxl_encode(huge)
    with pytest.raises(UserError, match=r"camera0_rgb/0\.0\.0\.0"):
        read(write(tmp_path / "a.zarr", keys), hz=60)


HOSTILE: dict[str, tuple[str, Any]] = {
    "pickles": ("data/state", {"dtype": "|O", "filters": [{"id": "pickle"}]}),
    "an unknown codec": ("data/state", {"compressor": {"id": "pickle"}}),
    "endless rows": ("data/state", {"shape": [1 << 50, 5]}),
    "chunks without end": ("data/state", {"chunks": [1 << 40, 5]}),
    "dust": ("data/state", {"dtype": "|u1", "shape": [ROWS, 1 << 36], "chunks": [1, 1]}),
    "empty chunks": ("data/state", {"chunks": [0, 5]}),
    "negative": ("data/state", {"shape": [-4, 5]}),
    "fewer chunks": ("data/state", {"chunks": [5]}),
    "no dtype": ("data/state", {"dtype": "<x9"}),
    "no shape": ("data/state", {"shape": None}),
    "keys that climb": ("data/state", {"dimension_separator": "/../"}),
    "other ends": ("meta/episode_ends", {"dtype": "<f8"}),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_metadata(how: str, tmp_path: Path, rng: np.random.Generator) -> None:
    """Refused in one line, or left out and told: nothing is unpickled, nothing explodes."""
    name, changes = HOSTILE[how]
    _, keys = pusht(rng)
    told = json.loads(keys[f"{name}/.zarray"])
    keys[f"{name}/.zarray"] = json.dumps({**told, **changes}).encode()
    path = write(tmp_path / "a.zarr", keys)
    if how == "pickles":
        report = Report()
        read(path, report)
        assert [f.field for f in report.grouped() if "type that is not read" in f.message] == [
            "state",
            "state",
        ]
        with pytest.raises(UserError, match=r"state.*strict=false"):
            read(path, strict=True)
        return
    with pytest.raises(UserError) as told_:
        read(path)
    assert "\n" not in str(told_.value)
    assert name in str(told_.value)


@pytest.mark.parametrize("codec", PACKED)
def test_a_bomb_is_not_unpacked(codec: str, tmp_path: Path, rng: np.random.Generator) -> None:
    _, keys = pusht(rng, codec)
    keys["data/state/0.0"] = PACKED[codec](bytes(BOMB))
    path = write(tmp_path / "a.zarr", keys)
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=r"data/state/0\.0: "):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < BOMB / 4
    finally:
        tracemalloc.stop()


def test_rows_that_nothing_holds_are_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    _, keys = pusht(rng)
    told = json.loads(keys["data/img/.zarray"])
    size = [2000, 2000, 3]
    told |= {"shape": [ROWS, *size], "chunks": [1, *size]}
    keys["data/img/.zarray"] = json.dumps(told).encode()
    with pytest.raises(UserError, match=r"data/img: \d+ bytes are declared, \d+ are stored"):
        read(write(tmp_path / "a.zarr", keys))


def test_links_out_of_the_store_are_not_asked_for(tmp_path: Path, rng: np.random.Generator) -> None:
    _, keys = pusht(rng)
    (tmp_path / "secret").write_bytes(bytes(400))
    keys["../secret/.zarray"] = keys["data/state/.zarray"]
    path = write(tmp_path / "a.zarr.zip", keys)
    assert len(read(path)) == 2


@pytest.mark.parametrize("ends", [[0, 8], [5, 3], [3, 9], [-1, 8], list(range(20))])
def test_ends_that_cannot_be(ends: list[int], tmp_path: Path, rng: np.random.Generator) -> None:
    _, keys = pusht(rng)
    keys |= {f"meta/episode_ends/{k}": v for k, v in array(np.array(ends), (len(ends),)).items()}
    with pytest.raises(UserError, match="meta/episode_ends"):
        read(write(tmp_path / "a.zarr", keys))


def test_rows_after_the_last_episode_are_told(tmp_path: Path, rng: np.random.Generator) -> None:
    _, keys = pusht(rng)
    keys |= {f"meta/episode_ends/{k}": v for k, v in array(np.array([3, 6]), (2,)).items()}
    report = Report()
    path = write(tmp_path / "a.zarr", keys)
    assert [episode.steps for episode in read(path, report)] == [3, 3]
    assert any("2 rows after the last episode" in f.message for f in report)
    with pytest.raises(UserError, match="2 rows after the last episode"):
        read(path, strict=True)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(draw=st.data())
def test_a_damaged_store_is_an_answer_or_one_line(
    draw: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, keys = pusht(np.random.default_rng(0), draw.draw(st.sampled_from([None, *PACKED])))
    key = draw.draw(st.sampled_from(sorted(keys)))
    changed = bytearray(keys[key])
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, max(0, len(changed) - 1)))
        changed[at : at + draw.draw(st.integers(0, 2))] = draw.draw(st.binary(max_size=3))
    keys[key] = bytes(changed)
    path = write(tmp_path_factory.mktemp("fuzz") / "a.zarr", keys)
    with contextlib.suppress(UserError):
        read(path, hz=10)
