"""Whatever decides the content of an import decides its spec_id: every file, option and name."""

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
from episodes.errors import UserError
from episodes.formats.flat import flatten, to_json
from generators.command.cli import dispatch
from tests.episodes.formats.lerobot_set import picture, video, write
from tests.episodes.formats.test_bags import split_bag

pytest.importorskip("pyarrow.parquet", reason="the extra 'formats' is not installed")

ACTIONS = np.zeros((12, 2), np.float32)
SHADES = np.arange(12, dtype=np.uint8)[:, None, None, None] * np.full((1, 32, 48, 3), 20, np.uint8)


def lerobot(root: Path) -> Path:
    """With pictures in files of their own, as the table tells by path."""
    (root / "set" / "images").mkdir(parents=True)
    (root / "set" / "images" / "one.png").write_bytes(picture(SHADES[3])["bytes"])
    cells = [{"bytes": None, "path": "images/one.png"}] * 12
    columns = {"action": ACTIONS, "observation.images.front": cells}
    feature = {"dtype": "image", "shape": [32, 48, 3], "names": None}
    shutil.move(root / "set" / "images", root / "images")
    (root / "set").rmdir()
    folder = write(root / "set", columns, features={"observation.images.front": feature})
    shutil.move(root / "images", folder / "images")
    return folder


def clips(root: Path) -> Path:
    (root / "set").mkdir()
    video(root / "set" / "a.mp4", SHADES, 10)
    np.save(root / "set" / "a.npy", ACTIONS)
    (root / "set" / "table.csv").write_text("video,actions,instruction\na.mp4,a.npy,pick\n")
    return root / "set"


def bag(root: Path) -> Path:
    return split_bag(root, files=2)


MAKERS: dict[str, Callable[[Path], Path]] = {"lerobot": lerobot, "video": clips, "mcap": bag}


def outcome(format: str, folder: Path, out: Path) -> tuple[str, str]:
    """(spec_id, all that was read and told) of an import; of a source that is refused, why."""
    shutil.rmtree(out, ignore_errors=True)
    try:
        formats.import_library(format, folder, out)
    except (UserError, OSError) as error:
        return "", str(error)
    library = Library(out)
    found = [flatten(episode) for episode in library.episodes()]
    told = json.dumps(library.info["findings"])
    return library.info["spec_id"], told + "".join(
        to_json(one.header)
        + "".join(f"{name} {value.tobytes()!r}" for name, value in one.numbers.items())
        + "".join(f"{name} {value.sum()}" for name, value in one.pictures.items())
        for one in found
    )


@pytest.mark.parametrize("format", list(MAKERS))
def test_every_file_that_decides_the_content_is_part_of_the_hash(
    tmp_path: Path, format: str
) -> None:
    """Each file in turn is taken away: what is read may be the same, or the spec_id differs."""
    folder = MAKERS[format](tmp_path)
    spec_id, content = outcome(format, folder, tmp_path / "lib")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert len(files) > 2
    seen = 0
    for file in files:
        kept = file.read_bytes()
        file.unlink()
        other_id, other = outcome(format, folder, tmp_path / "lib")
        file.write_bytes(kept)
        if other != content:
            seen += 1
            assert other_id != spec_id, file.name
    assert seen > 2
    assert outcome(format, folder, tmp_path / "lib") == (spec_id, content)


def test_what_an_option_names_is_part_of_the_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A topic map that lies elsewhere: edited in its place it makes another library; the same map
    by another name makes the same."""
    folder = split_bag(tmp_path, files=3)
    chart = tmp_path / "map.yaml"
    shutil.move(folder / "topics.yaml", chart)

    def words(name: Path) -> list[str]:
        return ["import", f"src={folder}", f"out={tmp_path / 'lib'}", f"options.topics={name}"]

    assert dispatch(words(chart)) == 0
    assert Library(tmp_path / "lib").read(0).steps == 30
    shutil.copy(chart, tmp_path / "copy.yaml")
    assert dispatch(words(tmp_path / "copy.yaml")) == 0
    assert "imported already" in capsys.readouterr().out
    chart.write_text(chart.read_text().replace("hz: 10", "hz: 5"))
    assert dispatch(words(chart)) == 2
    assert "holds another library" in capsys.readouterr().err


def test_the_name_of_the_folder_is_part_of_the_hash(tmp_path: Path) -> None:
    """It is the task where the files name none."""
    folder = write(tmp_path / "pick_nuts", {"action": ACTIONS})
    ids: list[Any] = []
    for name in ("pick_nuts", "place_nuts", "pick_nuts"):
        folder = folder.rename(tmp_path / name)
        formats.import_library("lerobot", folder, tmp_path / f"lib{len(ids)}")
        library = Library(tmp_path / f"lib{len(ids)}")
        assert library.read(0).task == name
        ids.append(library.info["spec_id"])
    assert ids[0] == ids[2] != ids[1]


def test_the_notes_beside_an_hdf5_are_part_of_the_hash(tmp_path: Path) -> None:
    """ManiSkill keeps rate, task and success in a JSON of the same name."""
    (tmp_path / "set").mkdir()
    with h5py.File(tmp_path / "set" / "t.h5", "w") as file:
        file["traj_0/actions"] = ACTIONS
        file["traj_0/obs/state"] = np.zeros((13, 2), np.float32)
    notes = {"env_info": {"env_id": "PushT-v1", "env_kwargs": {"control_freq": 20}}}
    ids = []
    for rate in (20, 10):
        notes["env_info"]["env_kwargs"] = {"control_freq": rate}  # type: ignore[index]
        (tmp_path / "set" / "t.json").write_text(json.dumps(notes))
        for path in (tmp_path / "set", tmp_path / "set" / "t.h5"):
            out = tmp_path / f"lib{len(ids)}"
            formats.import_library("robomimic", path, out)
            assert Library(out).read(0).control_hz == rate
            ids.append(Library(out).info["spec_id"])
    assert ids[0] != ids[2]
    assert ids[1] != ids[3]
