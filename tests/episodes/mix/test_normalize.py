"""Into a network's units and back: never in silence the numbers that came."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from episodes import Mix
from episodes.errors import UserError
from episodes.mix.build import build
from generators.command.cli import dispatch
from tests.mixing import ONE_CAMERA, episodes, make_library, real


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("normalize")
    make_library(root / "sim", episodes(4))
    make_library(root / "real", real(4))
    return root


def mixed(home: Path, out: Path, scope: str, names: tuple[str, ...] = ("sim", "real")) -> Mix:
    sources = [{"name": name, "path": str(home / name)} for name in names]
    build(out / "m.json", {"sources": sources, **ONE_CAMERA, "normalize": scope})
    return Mix(out / "m.json")


SEVEN = np.zeros(7, np.float32)


@pytest.mark.parametrize("direction", ["normalize", "denormalize"])
@pytest.mark.parametrize(
    ("scope", "key", "values", "whose", "message"),
    [
        ("per_source", "actions", SEVEN, {}, "give source=; there are: real, sim"),
        ("per_source", "actions", SEVEN, {"robot": "panda"}, "give source="),
        ("per_source", "actions", SEVEN, {"source": "Sim"}, "did you mean 'sim'"),
        ("per_embodiment", "actions", SEVEN, {}, "give robot=; there are: panda, widowx"),
        ("per_embodiment", "actions", SEVEN, {"robot": "pandas"}, "did you mean 'panda'"),
        ("global", "actions", SEVEN, {"source": "nobody"}, "there are: real, sim"),
        ("global", "action", SEVEN, {}, "unknown key of this mix 'action'; did you mean 'actions'"),
        ("none", "action", SEVEN, {}, "did you mean 'actions'"),
        ("none", "actions", SEVEN, {"robot": "nobody"}, "there are: panda, widowx"),
        ("global", "actions", SEVEN[:6], {}, r"actions has 7 numbers a row; .*\(6,\)"),
        ("global", "actions", SEVEN[:1], {}, "actions has 7 numbers a row"),
        ("none", "actions", np.zeros((7, 16)), {}, "actions has 7 numbers a row"),
        ("global", "actions", np.float32(0), {}, "actions has 7 numbers a row"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    home: Path,
    tmp_path: Path,
    direction: str,
    scope: str,
    key: str,
    values: np.ndarray,
    whose: dict[str, str],
    message: str,
) -> None:
    mix = mixed(home, tmp_path, scope)
    with pytest.raises(UserError, match=message) as caught:
        getattr(mix, direction)(key, values, **whose)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("scope", "whose"),
    [
        ("per_source", {"source": "real"}),
        ("per_source", {"source": "real", "robot": "widowx"}),
        ("per_embodiment", {"robot": "widowx"}),
        ("global", {}),
        ("none", {}),
    ],
)
def test_one_is_the_inverse_of_the_other(
    home: Path, tmp_path: Path, scope: str, whose: dict[str, str]
) -> None:
    mix = mixed(home, tmp_path, scope)
    values = np.random.default_rng(1).normal(size=(3, 16, 7)).astype(np.float32)
    there = mix.normalize("actions", values, **whose)
    assert np.allclose(mix.denormalize("actions", there, **whose), values, atol=1e-6)
    assert np.array_equal(there, values) == (scope == "none")


def test_pictures_and_rewards_are_as_they_come(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path, "global")
    picture = np.full((24, 32, 3), 7, np.uint8)
    assert np.array_equal(mix.denormalize("obs/front_image", picture), picture)


def test_a_number_that_never_varies_is_centred_and_comes_back(tmp_path: Path) -> None:
    still = [
        replace(one, obs={**one.obs, "wrench": np.full((one.steps, 6), 1234.5, np.float32)})
        for one in episodes(3)
    ]
    make_library(tmp_path / "a", still)
    build(tmp_path / "m.json", {"sources": [{"path": str(tmp_path / "a")}], "normalize": "global"})
    mix = Mix(tmp_path / "m.json")
    assert not mix[0]["obs/wrench"].any()
    assert np.all(mix.denormalize("obs/wrench", np.zeros(6, np.float32)) == 1234.5)
    assert np.all(mix.normalize("obs/wrench", np.full(6, 1234.5)) == 0)


def test_numbers_without_a_mean_are_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = episodes(2)
    broken = two.obs["wrench"].copy()
    broken[3, 2] = np.nan
    make_library(tmp_path / "a", [one, replace(two, obs={**two.obs, "wrench": broken})])
    words = ["mix", f"out={tmp_path}/m.json", f"sources=[{{name:a,path:{tmp_path}/a}}]"]
    assert dispatch([*words, "normalize=per_source"]) == 2
    said = capsys.readouterr().err
    assert "obs/wrench of episode 1 of source 'a' has NaN or infinite numbers" in said
    assert not (tmp_path / "m.json").exists()
    assert dispatch([*words, "normalize=per_source", "keys=[actions,obs/ee_pose]"]) == 0
