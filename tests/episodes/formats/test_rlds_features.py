"""What TFDS keeps in a picture or a text feature comes out as what it was."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from episodes import formats
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats.rlds import example, records

STEPS = 4
SIZE = (6, 8)
Array = NDArray[Any]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def image(channels: int, dtype: str) -> dict[str, Any]:
    shape = {"dimensions": [*map(str, SIZE), str(channels)]}
    return {"image": {"shape": shape, "dtype": dtype, "encodingFormat": "png"}}


TEXT = {"text": {}}


def numbers(dtype: str, *shape: int) -> dict[str, Any]:
    return {"tensor": {"shape": {"dimensions": [*map(str, shape)]}, "dtype": dtype}}


def png(value: Array) -> bytes:
    """Of (H, W, 3) u2 by hand: pillow writes no 16 bits a colour."""
    if value.dtype != np.uint16 or value.ndim < 3:
        out = io.BytesIO()
        Image.fromarray(value).save(out, "PNG")
        return out.getvalue()
    height, width, channels = value.shape
    kind = 2 if channels == 3 else 6
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in value)
    header = struct.pack(">2I5B", width, height, 16, kind, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)),
         chunk(b"IEND", b"")]
    )  # fmt: skip


def read(
    root: Path, features: Mapping[str, Any], values: Mapping[str, Any], strict: bool = False
) -> tuple[Episode, Report]:
    """The one episode of a set that has these steps, and an action."""
    steps = {"action": numbers("float32", 2), **features}
    tree = {"featuresDict": {"features": _nested(steps)}}
    told = {"steps": {"sequence": {"feature": tree, "length": "-1"}}}
    root.mkdir(exist_ok=True)
    (root / "features.json").write_text(json.dumps({"featuresDict": {"features": told}}))
    every = {"action": np.zeros((STEPS, 2), np.float32), **values}
    record = example.write({f"steps/{name}": value for name, value in every.items()})
    (root / "toy-train.tfrecord-00000-of-00001").write_bytes(records.framed(record))
    report = Report()
    (episode,) = formats.read("rlds", root, strict=strict, report=report, hz=10)
    return episode, report


def _nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, leaf in leaves.items():
        folder, _, rest = name.rpartition("/")
        at = out.setdefault(folder, {"featuresDict": {"features": {}}}) if folder else None
        (at["featuresDict"]["features"] if at else out)[rest] = leaf
    return out


def named(episode: Episode, name: str) -> Array:
    """An array under obs/; its name may say that its meaning is the source's."""
    (found,) = [v for key, v in episode.obs.items() if key in (name, f"{name}.source")]
    return found


def test_float32_pictures_are_floats(tmp_path: Path, rng: np.random.Generator) -> None:
    """TFDS keeps their bits as four bytes of an RGBA PNG: decoded as colours they are noise."""
    depth = rng.uniform(0.3, 2, (STEPS, *SIZE)).astype("<f4")
    coded = [png(one.view(np.uint8).reshape(*SIZE, 4)) for one in depth]
    episode, report = read(
        tmp_path,
        {"observation/image_with_depth": image(1, "float32")},
        {"observation/image_with_depth": coded},
    )
    assert not episode.cameras
    np.testing.assert_array_equal(named(episode, "image_with_depth"), depth)
    assert any("its unit is not known" in finding.message for finding in report)
    with pytest.raises(UserError, match="no bits of float32"):
        read(
            tmp_path / "odd",
            {"observation/d": image(1, "float32")},
            {"observation/d": [png(np.zeros((*SIZE, 3), np.uint8))] * STEPS},
        )


def test_alpha_is_kept(tmp_path: Path, rng: np.random.Generator) -> None:
    frames = rng.integers(0, 255, (STEPS, *SIZE, 4), dtype=np.uint8)
    episode, _ = read(
        tmp_path,
        {"observation/front": image(4, "uint8")},
        {"observation/front": [png(frame) for frame in frames]},
    )
    np.testing.assert_array_equal(episode.cameras["front"].rgb, frames[..., :3])
    np.testing.assert_array_equal(episode.obs["front.alpha"], frames[..., 3])


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_a_colour_are_kept(
    channels: int, tmp_path: Path, rng: np.random.Generator
) -> None:
    pytest.importorskip("av")
    frames = rng.integers(0, 65535, (STEPS, *SIZE, channels), dtype=np.uint16)
    episode, report = read(
        tmp_path,
        {"observation/normals": image(channels, "uint16")},
        {"observation/normals": [png(frame) for frame in frames]},
    )
    np.testing.assert_array_equal(named(episode, "normals"), frames)
    assert not episode.cameras
    assert any("its unit is not known" in finding.message for finding in report)


def test_text_of_any_name_is_language_or_kept_or_told(tmp_path: Path) -> None:
    told = {
        "language_instruction": [b"pick the nut"] * STEPS,
        "observation/caption": [b"a nut on a table"] * STEPS,
        "task_description": [b"nuts into the tray"] * STEPS,
        "subtask": [b"reach", b"reach", b"grasp", b"grasp"],
        "observation/serial": [b"cam-17"] * STEPS,
        "observation/state_name": [b"a", b"b", b"c", b"d"],
    }
    features = dict.fromkeys(told, TEXT)
    episode, report = read(tmp_path, features, told)
    assert set(episode.language["en"]) == {
        "pick the nut",
        "a nut on a table",
        "nuts into the tray",
    }
    assert [(s.start, s.end, s.instruction) for s in episode.subtasks] == [
        (0, 2, "reach"),
        (2, 4, "grasp"),
    ]
    assert episode.extra["texts"] == {"observation/serial": "cam-17"}
    assert [(f.field, f.message) for f in report if "left out" in f.message] == [
        ("steps/observation/state_name", "left out: text that changes on the way")
    ]
    with pytest.raises(UserError, match=r"state_name.*strict=false"):
        read(tmp_path, features, told, strict=True)


def test_spelt_instructions_are_read(tmp_path: Path) -> None:
    """Language Table has the codes of the letters, filled up with 0."""
    codes = np.zeros((STEPS, 32), np.int32)
    text = "push the blue cube"
    codes[:, : len(text)] = list(text.encode())
    episode, _ = read(
        tmp_path,
        {"observation/instruction": numbers("int32", 32)},
        {"observation/instruction": codes},
    )
    assert episode.instruction == text
    assert not episode.obs
