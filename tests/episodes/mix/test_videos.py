"""Windows of pictures in a video: those of decoded ones, bit for bit, at the least cost."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from episodes import Mix, formats
from episodes.errors import UserError
from episodes.mix.build import build
from episodes.mix.loader import Loader
from episodes.mix.row_reader import Reader
from episodes.storage import decode
from episodes.storage.library import Library
from tests.films import kind, takes

pytest.importorskip("av", reason="the extra 'formats' is not installed")

STEPS = 40
VIEWS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "history": {"history": 3},
    "another rate": {"hz": 7, "history": 2},
    "another size": {"image_size": [24, 16]},
}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("libraries")
    (root / "set").mkdir()
    names = ("b_pictures.mp4", "open_gop.mp4", "av1.mp4", "vp9.webm")
    for name in names:
        kind(root / "set", name, STEPS)
    rows = [{"video.front": a, "video.wrist": b} for a, b in zip(names, names[::-1], strict=True)]
    source = takes(root / "set", rows)
    for pictures in ("copy", "decode"):
        formats.import_library("video", source, root / pictures, pictures=pictures, shard_size=2)
    return root


def mix(folder: Path, library: Path, **view: Any) -> Mix:
    config = {
        "sources": [{"name": "real", "path": str(library)}],
        "keys": ["obs/*_image"],
        "seed": 3,
        "draws": 1000,
        "missing_keys": "mask",
        **view,
    }
    build(folder / f"{library.name}.json", config)
    return Mix(folder / f"{library.name}.json")


def same(one: Any, two: Any) -> None:
    assert one.keys() == two.keys()
    for key in one:
        np.testing.assert_array_equal(one[key], two[key], err_msg=key)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("threads", [1, 3])
def test_batches_are_those_of_decoded_pictures(
    view: str, threads: int, libraries: Path, tmp_path: Path
) -> None:
    copied, decoded = (mix(tmp_path, libraries / p, **VIEWS[view]) for p in ("copy", "decode"))
    assert [(k.name, k.shape, k.dtype) for k in copied.manifest.keys] == [
        (k.name, k.shape, k.dtype) for k in decoded.manifest.keys
    ]
    sides = (Loader(m, 8, stop=48, threads=threads) for m in (copied, decoded))
    for one, two in zip(*sides, strict=True):
        same(one, two)


def test_spawned_workers_and_forked_ones_read_the_same(libraries: Path, tmp_path: Path) -> None:
    copied, decoded = (mix(tmp_path, libraries / p) for p in ("copy", "decode"))
    wanted = list(Loader(decoded, 8, stop=16, threads=1))
    for one, two in zip(Loader(copied, 8, stop=16, workers=2), wanted, strict=True):
        same(one, two)
    assert copied[0]["obs/front_image"].shape == (1, 32, 48, 3)  # a decoder is at work here
    with multiprocessing.get_context("fork").Pool(2) as pool:
        read = pool.map_async(copied.window, range(8)).get(timeout=100)
        for number, one in enumerate(read):
            same(one, decoded.window(number))


def test_a_window_costs_the_decoding_from_its_keyframe(
    libraries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keyframes are 8 pictures apart: at most 8 packets, a few more where order is another."""
    read: list[int] = []
    feed = decode._Decoder._fed

    def counted(self: Any, number: int | None, *rest: Any) -> Any:
        if number is not None:
            read.append(number)
        return feed(self, number, *rest)

    monkeypatch.setattr(decode._Decoder, "_fed", counted)
    reader = Reader(Library(libraries / "copy"), ["obs/front_image"])
    for step in (0, 7, 8, 15, 23, 39):
        read.clear()
        reader.demo(0).rows("obs/front_image", [step])
        assert len(read) <= 11, (step, read)
    read.clear()
    reader.demo(0).rows("obs/front_image", range(16, 24))
    assert len(read) <= 11, "a window of a whole group, decoded once"
    read.clear()
    reader.demo(0).rows("obs/front_image", range(STEPS))
    assert len(read) == STEPS, "an episode, each packet once"


def test_steps_may_repeat_and_pictures_may_be_asked_for_again(libraries: Path) -> None:
    library = Library(libraries / "copy")
    wanted = Library(libraries / "decode").read(1).cameras["wrist"].rgb
    reader = Reader(library, ["obs/wrist_image"])
    for steps in ([0, 0, 5, 5, 39], [39], [3, 4], [0], [20, 21, 38]):
        found = reader.demo(1).rows("obs/wrist_image", steps)
        np.testing.assert_array_equal(found, wanted[steps])


def test_a_video_that_is_gone_or_changed_is_named(
    libraries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    copy = Path(shutil.copytree(libraries / "copy", tmp_path / "lib"))
    library = Library(copy)
    file = copy / "videos" / next(v.file for v in library.shards[0].videos)
    reader = Reader(library, ["obs/front_image", "obs/wrist_image"])
    for row in library.rows[:2]:
        reader.demo(row.index)
    data = file.read_bytes()
    file.write_bytes(data[:200])
    said = []
    for row in library.rows:
        for array in ("obs/front_image", "obs/wrist_image"):
            try:
                reader.demo(row.index).rows(array, [STEPS - 1])
            except UserError as error:
                said.append(str(error))
    assert said
    assert all("\n" not in text and "cellwright check" in text for text in said)
    with pytest.raises(UserError, match="200 bytes long, not"):
        Reader(Library(copy), ["obs/front_image", "obs/wrist_image"]).demo(0)
