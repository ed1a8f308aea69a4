"""Video files of a library: committed before what refers to them, verified, counted, restored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes import Library, formats
from episodes.check.check import check
from episodes.errors import UserError
from episodes.storage import store
from generators.command.cli import dispatch
from generators.production.repair import damaged
from tests.films import kind, takes

pytest.importorskip("av", reason="the extra 'formats' is not installed")

STEPS = 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes, a shard each; the first and the last show the same file."""
    root = tmp_path_factory.mktemp("made")
    (root / "set").mkdir()
    kind(root / "set", "b_pictures.mp4", STEPS)
    kind(root / "set", "vp9.webm", STEPS)
    rows = [{"video": name} for name in ("b_pictures.mp4", "vp9.webm", "b_pictures.mp4")]
    formats.import_library("video", takes(root / "set", rows), root / "lib", shard_size=1)
    return root / "lib"


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lib"))


def shared(library: Path) -> Path:
    """The file of the first and the last episode."""
    return library / "videos" / Library(library).shards[0].videos[0].file


def errors(library: Path) -> list[tuple[str, str]]:
    return [(f.field, f.message) for f in check(library) if f.severity == "error"]


def test_the_record_names_what_the_shard_refers_to(library: Path) -> None:
    record = json.loads((library / "shards" / "00000.json").read_text())
    (video,) = record["videos"]
    file = library / "videos" / video["file"]
    assert video == {
        "file": f"{video['sha256']}.mp4",
        "bytes": file.stat().st_size,
        "sha256": video["sha256"],
    }
    with h5py.File(library / "shards" / "00000.h5") as shard:
        group = shard["data/demo_0/videos/camera_image"]
        assert "camera_image" not in shard["data/demo_0/obs"]
        assert group.attrs["file"] == video["file"]
        assert (group.attrs["codec"], group.attrs["pix_fmt"]) == ("h264", "yuv420p")
        assert (group.attrs["matrix"], group.attrs["levels"]) == ("bt601", "limited")
        packets, shown, tick = group["packets"][()], group["frames"][()], group.attrs["tick"]
    times = packets[shown, 0] * tick[0] / tick[1]
    np.testing.assert_allclose(times, np.arange(STEPS) / 20)
    data = file.read_bytes()
    starts = [data[place : place + 4] for _, place, _, _ in packets]
    sizes = [int.from_bytes(start, "big") for start in starts]  # MP4 counts the bytes that follow
    assert all(0 < size < packet[2] for size, packet in zip(sizes, packets, strict=True))
    assert np.flatnonzero(packets[:, 3]).tolist() == [0, 8, 16]
    assert errors(library) == []


def test_an_episode_without_pictures_leaves_them_in_their_video(library: Path) -> None:
    episode = Library(library).read(0, images=False)
    track = episode.cameras["camera"]
    assert track.rgb is None
    assert track.video is not None
    assert track.video.shape == (STEPS, 32, 48, 3)
    assert "camera 32x48" in repr(episode)


def test_list_counts_every_file_once(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    on_disk = sum(
        p.stat().st_size for p in library.rglob("*") if p.is_file() and p.suffix != ".json"
    )
    assert Library(library).summary().bytes == on_disk
    assert dispatch(["list", f"root={library}"]) == 0
    assert f"{on_disk / 1e3:.1f} kB" in capsys.readouterr().out


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (Path.unlink, "the file is missing"),
        (cut, "truncated or replaced"),
        (flip, "its bytes are not those that were committed"),
    ],
)
def test_a_damaged_video_is_found_and_named_once(
    spoil: Callable[[Path], Any], message: str, library: Path
) -> None:
    file = shared(library)
    spoil(file)
    (found,) = errors(library)
    assert found[0] == f"videos/{file.name}"
    assert message in found[1]
    assert sorted(damaged(library)) == [0, 2], "the shards that refer to it, and no other"
    if spoil is not flip:
        assert store.committed(library) == {1}
        with pytest.raises(UserError, match=f"{file.name} is (missing|.* bytes long)"):
            Library(library).read(0)
    assert Library(library).read(1).steps == STEPS


def test_what_no_record_names_is_told(library: Path) -> None:
    shutil.copy(shared(library), library / "videos" / f"{'0' * 64}.mp4")
    assert errors(library) == [(f"videos/{'0' * 64}.mp4", "no commit record names it")]


def test_the_same_shard_again_restores_its_video(library: Path, made: Path) -> None:
    file = shared(library)
    before = file.read_bytes()
    record = json.loads((library / "shards" / "00000.json").read_text())
    for spoil in (Path.unlink, cut, flip):
        spoil(file)
        episodes = [Library(made).read(0, images=False)]
        store.write_shard(
            library, 0, episodes, spec_id=record["spec_id"], versions={}, created="2027"
        )
        assert file.read_bytes() == before
        assert errors(library) == []
    assert json.loads((library / "shards" / "00000.json").read_text()) == record


def test_a_source_that_changes_while_it_is_copied_is_refused(
    library: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from episodes.storage import video_files

    monkeypatch.setattr(video_files, "_sha256", lambda *of: "1" * 64)
    episodes = [Library(made).read(0, images=False)]
    spec_id = Library(library).info["spec_id"]
    with pytest.raises(UserError, match="changed while it was read"):
        store.write_shard(library, 3, episodes, spec_id=spec_id, versions={}, created="")
    assert len(list((library / "videos").iterdir())) == 2, "nothing is left lying about"


def change(library: Path, edit: Callable[[h5py.Group], None]) -> None:
    """Edit what the first shard says of its video, and have its record vouch for it."""
    import hashlib

    path = library / "shards" / "00000.h5"
    with h5py.File(path, "r+") as file:
        edit(file["data/demo_0/videos/camera_image"])
    record = json.loads(path.with_suffix(".json").read_text())
    record |= {"bytes": path.stat().st_size}
    record |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(record))


def attribute(name: str, value: object) -> Callable[[h5py.Group], None]:
    return lambda group: group.attrs.__setitem__(name, value)


def packets(column: int, value: int) -> Callable[[h5py.Group], None]:
    def edit(group: h5py.Group) -> None:
        rows = group["packets"][()]
        rows[:, column] = value
        group["packets"][...] = rows

    return edit


def frames(value: int) -> Callable[[h5py.Group], None]:
    return lambda group: group["frames"].write_direct(np.full(STEPS, value, "<i4"))


@pytest.mark.parametrize(
    "edit",
    [
        attribute("file", "../../../secret.mp4"),
        attribute("file", f"{'0' * 64}.mp4"),
        attribute("codec", "rawvideo"),
        attribute("matrix", "bt1886"),
        attribute("levels", 3),
        attribute("height", 1 << 20),
        attribute("width", 96),
        attribute("height", -32),
        attribute("tick", [1, 0]),
        attribute("tick", 1),
        frames(-1),
        frames(STEPS),
        packets(1, 1 << 60),
        packets(1, -1),
        packets(2, 1 << 40),
        packets(2, 0),
        packets(2, 1),
    ],
)
def test_what_a_hostile_shard_says_of_a_video_is_one_clear_line(
    edit: Callable[[h5py.Group], None], library: Path
) -> None:
    change(library, edit)
    assert errors(library) != []
    assert all("\n" not in message for _, message in errors(library))
    one = Library(library)
    with pytest.raises(UserError) as caught:
        one.read(0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "videos",
    [3, {}, [3], [{"file": "x.mp4", "bytes": 1, "sha256": "x"}], [{"file": "../a", "bytes": 1}]],
)
def test_a_record_that_names_no_video_is_refused(videos: object, library: Path) -> None:
    path = library / "shards" / "00000.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"videos": videos}))
    (found, *_) = store.records(library)
    assert isinstance(found, UserError)
    assert str(found).startswith("shards/00000.json: not a commit record: videos")


def test_libraries_without_video_have_the_records_that_they_had(tmp_path: Path) -> None:
    from tests.helpers import synthetic_episode
    from tests.libraries import make_library

    episode = synthetic_episode(0, np.random.default_rng(0), steps=4, size=(8, 6))
    lib = make_library(tmp_path / "lib", [episode])
    assert "videos" not in json.loads((lib / "shards" / "00000.json").read_text())
    assert not (lib / "videos").exists()
