"""Every group of every verb, chosen once: it is in the config, and it shows in what is made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from episodes.episode import Episode
from episodes.storage.library import Library
from generators.command import usage
from generators.command.cli import dispatch
from generators.command.hydra_app import composed
from generators.command.verbs import VERBS
from generators.config import groups
from generators.production import pools
from tests.inline_pool import InlinePool, work_inline

CONF = Path(__file__).parents[3] / "conf"
TASK = "bench_place"
GROUPS = [(verb, group) for verb in VERBS for group in usage.groups(verb)]
NEEDED = {"generate": [f"task={TASK}", "out=x"], "render": ["src=.", "out=x"], "repair": ["src=."]}
SHORT = ("task.max_seconds=0.1", "image_size=[32,24]")  # two steps of work, small pictures


def test_the_groups_are_those_of_three_verbs() -> None:
    assert {verb for verb, _ in GROUPS} == set(NEEDED)


@pytest.mark.parametrize(("verb", "group"), GROUPS)
def test_the_option_that_is_chosen_is_the_one_that_is_taken(verb: str, group: str) -> None:
    for option in groups.options(group)[: 2 if group == "task" else None]:
        needed = [word for word in NEEDED[verb] if not word.startswith(f"{group}=")]
        config = composed(verb, [*needed, f"{group}={option}"])
        content = yaml.safe_load((CONF / group / f"{option}.yaml").read_text(encoding="utf-8"))
        wanted = content.get("task", content)
        for key in ("defaults", "card", "tool", "folder"):  # filled in later
            wanted.pop(key, None)
        assert _is_in(wanted, config[group]), f"{verb} {group}={option}"


def _is_in(part: Any, whole: Any) -> bool:
    if not isinstance(part, dict):
        return bool(part == whole)
    return all(key in whole and _is_in(value, whole[key]) for key, value in part.items())


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A library of states, made while verbs work in this process."""
    root = tmp_path_factory.mktemp("groups") / "source"
    patch = pytest.MonkeyPatch()
    work_inline(patch)
    words = [f"task={TASK}", *SHORT, "renderer=none", "episodes=1", f"out={root}"]
    assert dispatch(["generate", *words]) == 0
    yield root
    patch.undo()


@pytest.fixture(scope="module")
def made(source: Path) -> Callable[..., Episode]:
    """Runs a verb with a library of its own: the first episode of what it made."""
    done: dict[tuple[str, ...], Path] = {}

    def run(verb: str, *words: str) -> Episode:
        key = (verb, *words)
        if key not in done:
            done[key] = source.with_name(f"{len(done)}")
            start = [f"src={source}"]
            if verb == "generate":
                start = ["episodes=1", *SHORT]
                start += [f"task={TASK}"] * (not any(w.startswith("task=") for w in words))
            assert dispatch([verb, *start, f"out={done[key]}", *words]) == 0
        return Library(done[key]).read(0)

    return run


Made = Callable[..., Episode]


def pictures(episode: Episode) -> bytes:
    return b"".join(c.rgb.tobytes() for c in episode.cameras.values() if c.rgb is not None)


def test_render_shows_the_look_and_the_cameras_that_are_chosen(made: Made) -> None:
    small = "image_size=[32,24]"
    seen = {
        look: pictures(made("render", f"look={look}", "look_seed=7", small))
        for look in groups.options("look")
    }
    cameras = {c: made("render", f"camera={c}", small) for c in groups.options("camera")}
    assert {c: sorted(one.cameras) for c, one in cameras.items()} == {
        "behind_wrist": ["front", "wrist"],
        "devices": ["front", "top", "wrist"],
        "fixed_wrist": ["front", "wrist"],
    }
    seen |= {camera: pictures(one) for camera, one in cameras.items()}
    assert len(set(seen.values())) == len(seen) == 6


def test_render_draws_with_the_renderer_that_is_chosen(made: Made) -> None:
    assert made("render", "renderer=tiny", "image_size=[32,24]").renderer.startswith("tiny")


def test_generate_shows_every_group(made: Made) -> None:
    none = "renderer=none"
    usual = made("generate", none)
    assert (usual.robot, usual.task, _cell(usual)["cameras"]) == ("panda", TASK, ["front", "wrist"])
    assert made("generate", "robot=xarm7", none).robot.startswith("xarm7")
    assert made("generate", "task=peg_round", none).task == "peg_round"
    devices = _cell(made("generate", "camera=devices", none))
    assert devices["cameras"] == ["front", "top", "wrist"]
    assert made("generate", "renderer=tiny").renderer.startswith("tiny")
    assert _cell(made("generate", "look=plain", none)) != _cell(usual)


def _cell(episode: Episode) -> dict[str, Any]:
    cell = json.loads(episode.cell)
    return {**cell, "cameras": [camera["name"] for camera in cell["cameras"]]}


@pytest.mark.parametrize("verb", ["generate", "render", "repair"])
def test_the_pool_that_is_chosen_does_the_work(
    verb: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Noted(InlinePool):
        def __init__(self, config: Any, workers: int, shard_size: int) -> None:
            asked.append(config["name"])
            super().__init__(config, workers, shard_size)

    work_inline(monkeypatch)
    monkeypatch.setattr("generators.production.pools.ray_cluster.RayPool", Noted)
    monkeypatch.setattr("generators.production.pools.slurm.SlurmPool", Noted)
    assert set(pools.POOLS) == {"local", "ray", "slurm"}
    for pool in ("ray", "slurm"):
        out = tmp_path / pool
        words = [verb, f"out={out}"]
        if verb == "generate":
            words += ["episodes=1", "renderer=none", f"task={TASK}", *SHORT]
        elif verb == "render":
            words += [f"src={source}", "image_size=[16,16]"]
        else:
            shutil.copytree(source, out)
            (out / "shards" / "00000.h5").unlink()
            words = [verb, f"src={out}"]
        assert dispatch([*words, f"pool={pool}"]) == 0
        assert Library(out).rows
    assert asked == ["ray", "slurm"]
