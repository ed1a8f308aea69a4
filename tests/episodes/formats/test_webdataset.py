"""Tar files of steps: what they hold, and how they come back."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from episodes import Library, formats
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import guard
from tests.helpers import synthetic_episode
from tests.libraries import make_library

TAR = "00000.tar"
Member = tuple[str, bytes]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes of 3, 4 and 5 steps."""
    home, rng = tmp_path_factory.mktemp("tars"), np.random.default_rng(6)
    episodes = [synthetic_episode(i, rng, steps=3 + i, size=(16, 12)) for i in range(3)]
    formats.export_library("webdataset", make_library(home / "lib", episodes), home / "out")
    return home / "out"


def read(path: Path, report: Report | None = None, strict: bool = False) -> list[Episode]:
    return list(formats.read("webdataset", path, report=report, strict=strict))


def members(tar: Path) -> list[Member]:
    out = []
    with tarfile.open(tar) as file:
        for member in file:
            content = file.extractfile(member)
            assert content is not None
            out.append((member.name, content.read()))
    return out


def write(tar: Path, content: list[Member]) -> None:
    with tarfile.open(tar, "w") as file:
        for name, data in content:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))


def test_a_tar_holds_every_step_exactly(tmp_path: Path, rng: np.random.Generator) -> None:
    episodes = [synthetic_episode(i, rng, steps=3, size=(16, 12)) for i in range(2)]
    formats.export_library("webdataset", make_library(tmp_path / "lib", episodes), tmp_path / "o")
    index = json.loads((tmp_path / "o" / "index.json").read_text())
    assert index == {"00000.tar": {"samples": 6, "episodes": 2}}
    with tarfile.open(tmp_path / "o" / "00000.tar") as tar:
        names = tar.getnames()
        assert len(names) == len(set(names))
        keys = [name.partition(".")[0] for name in names]
        assert keys == sorted(keys), "the members of a sample lie together, in order"

        def member(name: str) -> bytes:
            stream = tar.extractfile(name)
            assert stream is not None
            return stream.read()

        ours = episodes[1]
        said = json.loads(member("000001_000002.json"))
        assert said["instruction"] == ours.instruction
        assert said["language"]["ko"] == list(ours.language["ko"])
        assert said["subtask"] == ours.subtasks[1].instruction
        numbers = np.load(io.BytesIO(member("000001_000002.numbers.npz")))
        np.testing.assert_array_equal(numbers["actions"], ours.actions[2])
        np.testing.assert_array_equal(numbers["states"], ours.states[2])
        rgb = np.asarray(Image.open(io.BytesIO(member("000001_000002.front_image.png"))))
        np.testing.assert_array_equal(rgb, ours.cameras["front"].rgb[2])
        depth = np.load(io.BytesIO(member("000001_000002.wrist_depth.npz")))["frame"]
        np.testing.assert_array_equal(depth, ours.cameras["wrist"].depth[2])
        assert depth.dtype == np.uint16


def test_what_is_left_of_an_export_is_read_and_the_rest_told(
    exported: Path, tmp_path: Path
) -> None:
    src = shutil.copytree(exported, tmp_path / "src")
    write(src / TAR, [m for m in members(exported / TAR) if not m[0].startswith("000001_000002.")])
    index = json.loads((src / "index.json").read_text())
    (src / "index.json").write_text(
        json.dumps({**index, "00001.tar": {"samples": 9, "episodes": 1}})
    )
    report = Report()
    assert [(e.index, e.steps) for e in read(src, report)] == [(0, 3), (2, 5)]
    told = [finding.message for finding in report]
    assert told == [
        "00000.tar: episode 1 has 3 of 4 steps; left out",
        "00000.tar holds 2 episodes of 8 samples, index.json tells of 3 of 12",
        "00001.tar is missing",
    ]
    with pytest.raises(UserError, match="episode 1 has 3 of 4 steps; left out; strict=false"):
        read(src, strict=True)
    imported = formats.import_library(None, src, tmp_path / "back")
    assert imported.format == "webdataset"
    assert [row.index for row in Library(tmp_path / "back")] == [0, 2]


def npz(name: str, header: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, header)
    return out.getvalue()


def large(data: bytes) -> bytes:
    """The first array of an .npz says that it has a million million rows."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = archive.namelist()[0]
        raw = archive.read(name)
    at = raw.index(b"'shape': (") + 10
    end = raw.index(b")", at)
    shape = b"1000000000000,".ljust(end - at)
    return npz(name, raw[:at] + shape + raw[at + len(shape) :])


@pytest.mark.parametrize(
    ("extension", "spoil", "message"),
    [
        ("numbers.npz", lambda data: data[: len(data) // 2], "step 1: its arrays cannot be read"),
        ("numbers.npz", large, "step 1: its arrays cannot be read"),
        ("front_image.png", lambda data: data[:60], "front_image: the image cannot be decoded"),
        ("wrist_depth.npz", lambda data: npz("frame.npy", b""), "wrist_depth: its arrays cannot"),
        ("header.json", lambda data: data[:-9], "header.json is not valid JSON"),
        ("header.json", lambda data: b"[1]", "its header does not fit its samples"),
        ("header.json", lambda data: data.replace(b'"actions"', b'"axtions"'), "does not fit"),
    ],
)
def test_a_damaged_member_is_named(
    exported: Path,
    tmp_path: Path,
    extension: str,
    spoil: Callable[[bytes], bytes],
    message: str,
) -> None:
    src = shutil.copytree(exported, tmp_path / "src")
    step = 0 if extension == "header.json" else 1
    name = f"000000_{step:06d}.{extension}"
    assert name in dict(members(src / TAR))
    write(src / TAR, [(n, spoil(d) if n == name else d) for n, d in members(exported / TAR)])
    with pytest.raises(UserError, match=f"00000.tar: episode 0.*{message}"):
        formats.import_library(None, src, tmp_path / "back")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["src"]


def test_a_tar_that_was_cut_is_named(exported: Path, tmp_path: Path) -> None:
    src = shutil.copytree(exported, tmp_path / "src")
    whole = (src / TAR).read_bytes()
    (src / TAR).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"00000\.tar is cut short or damaged"):
        read(src)


def test_an_index_or_a_header_of_anything_is_one_clear_line(exported: Path, tmp_path: Path) -> None:
    src = shutil.copytree(exported, tmp_path / "src")
    (src / "index.json").write_text('{"00000.tar": 5}')
    with pytest.raises(UserError, match=r"index\.json: '00000\.tar' has no numbers of samples"):
        read(src)
    shutil.copy(exported / "index.json", src)

    def claims(steps: bytes) -> None:
        edit = (b'"steps": 3', b'"steps": ' + steps)
        write(src / TAR, [(n, d.replace(*edit)) for n, d in members(src / TAR)])

    for steps in (b"1000000000000", b"null"):
        claims(steps)
        report = Report()
        assert [episode.index for episode in read(src, report)] == [1, 2]
        assert "episode 0 has 3 of" in next(iter(report)).message
        shutil.copy(exported / TAR, src)
    claims(b"1e999")
    with pytest.raises(UserError, match=r"episode 0: header\.json: steps is no finite number"):
        read(src)


def test_tars_of_others_are_refused(exported: Path, tmp_path: Path) -> None:
    write(tmp_path / "a.tar", [("0001.jpg", b"x"), ("0001.txt", b"a cat")])
    with pytest.raises(UserError, match=r"no \.tar files with an index\.json: of WebDataset only"):
        read(tmp_path)
    shutil.copy(exported / "index.json", tmp_path)
    with pytest.raises(UserError, match=r"'0001\.jpg' is no member of an export"):
        read(tmp_path)
    link = tarfile.TarInfo("000000_000000.json")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        file.addfile(link)
    with pytest.raises(UserError, match=r"'000000_000000\.json' is no member of an export"):
        read(tmp_path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_changed_byte_is_an_answer_or_one_clear_line(
    exported: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("changed")
    shutil.copy(exported / "index.json", folder)
    changed = bytearray((exported / TAR).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.integers(0, 255))
    (folder / TAR).write_bytes(changed)
    told = ""
    try:
        assert {episode.steps for episode in read(folder)} <= {3, 4, 5}
    except UserError as error:
        told = str(error)
    assert "\n" not in told


def test_arrays_are_read_as_numpy_wrote_them(rng: np.random.Generator) -> None:
    arrays = {
        "plain": rng.normal(size=(3, 4)),
        "columns first": np.asfortranarray(rng.normal(size=(3, 4))),
        "none": np.zeros((0, 7), np.float32),
        "one": np.float32(3.5),
        "big endian": np.arange(5, dtype=">i4"),
    }
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    found = guard.read_npz(out.getvalue(), "here")
    assert found.keys() == arrays.keys()
    for name, value in arrays.items():
        assert found[name].dtype == np.asarray(value).dtype
        np.testing.assert_array_equal(found[name], value)
    pickled = io.BytesIO()
    np.savez(pickled, bad=np.array([{}], dtype=object))
    with pytest.raises(UserError, match="here: its arrays cannot be read"):
        guard.read_npz(pickled.getvalue(), "here")


def test_the_card_fits_a_screen_and_has_the_config_beside_it(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    some = [synthetic_episode(i, rng) for i in range(12)]
    some = [replace(one, instruction=f"put block {i} away") for i, one in enumerate(some)]
    library = make_library(tmp_path / "lib", some)
    formats.export_library("webdataset", library, tmp_path / "데이터")
    card = (tmp_path / "데이터" / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(card) <= 60
    assert max(map(len, card)) <= 130
    assert "# 데이터" in card
    assert "- success: 83.3%" in card
    assert "- outcomes, most frequent: success (10), failure: dropped (2)" in card
    assert sum("put block" in line for line in card) == 5
    told = json.loads((tmp_path / "데이터" / "made_from.json").read_text(encoding="utf-8"))
    assert told["spec_id"] == "a" * 64
    assert told["lineage of the first episode"] == {"generator": "synthetic"}
    assert "[made_from.json](made_from.json)" in "\n".join(card)
