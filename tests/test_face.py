"""What a notebook user types: `import cellwright`, and nothing of the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cellwright
from generators.api import overrides
from generators.command.hydra_app import composed
from tests.golden import LIBRARY

DATA_SIDE = ("Episode", "Library", "Loader", "Mix", "UserError", "check", "export_library",
             "import_library")  # fmt: skip


@pytest.mark.parametrize("name", cellwright.__all__)
def test_every_name_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(cellwright, name).__doc__
    assert name in dir(cellwright)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Libary'"):
        cellwright.Libary  # noqa: B018


def test_the_data_side_imports_numpy_and_h5py_alone() -> None:
    """In a Python that has nothing else of what we use."""
    engine = ["pybullet", "hydra", "omegaconf", "trimesh", "shapely", "gymnasium", "imageio",
              "yaml", "pebble", "moderngl", "ompl", "PIL", "scipy", "av", "pyarrow"]  # fmt: skip
    code = (
        "import sys\n"
        f"for name in {engine}: sys.modules[name] = None\n"
        "import cellwright\n"
        f"found = [getattr(cellwright, name) for name in {list(DATA_SIDE)}]\n"
        f"library = cellwright.Library({str(LIBRARY)!r})\n"
        "episode = library.read(library.rows[0].index)\n"
        f"print(episode.cameras['front'].rgb.shape, cellwright.check({str(LIBRARY)!r}))\n"
        "try: cellwright.generate\n"
        "except ModuleNotFoundError as error: print(error)\n"
        "try: cellwright.make_env\n"
        "except ModuleNotFoundError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == "(4, 12, 16, 3) []"
    assert len(rest) == 2
    assert all("install cellwright[sim] on Python 3.11" in line for line in rest)


def test_generate_makes_a_library_and_opens_it(tmp_path: Path) -> None:
    library = cellwright.generate(
        "bench_place", tmp_path / "it's a library", episodes=1, renderer="none",
        scene={"count": 2, "distractors": [0, 0]}, seed=4,
    )  # fmt: skip
    assert [row.task for row in library.rows] == ["bench_place"]
    assert library.info["config"]["scene"]["count"] == 2


def test_keys_become_words_that_hydra_reads_as_they_were() -> None:
    words = [
        *overrides("out", "2026_10_05, a=b 'c' \\ \\'d' 한\\"),
        *overrides("image_size", [64, 48]),
        *overrides("camera", {"front": {"fov_deg": 50.5}}),
    ]
    config = composed("generate", ["task=bench_place", *words])
    assert config["out"].name == "2026_10_05, a=b 'c' \\ \\'d' 한\\"
    assert config["image_size"] == [64, 48]
    assert config["camera"]["front"]["fov_deg"] == 50.5
