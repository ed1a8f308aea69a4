"""What a config becomes: a spec that names the content, and shards that cover it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from episodes.errors import UserError
from generators import making, usage
from generators.hydra_app import composed
from generators.plan import Plan, code_hash, finished, generation, spec_id

TASKS = usage.options("task")


def plan(*words: str, out: str = "nowhere") -> Plan:
    return generation(composed("generate", [f"out={out}", *words]))


@pytest.mark.parametrize("task", TASKS)
def test_every_task_composes_and_plans(task: str) -> None:
    found = plan(f"task={task}", "episodes=20", "shard_size=8")
    assert found.recipe["task"]["name"] == task
    assert [list(found.indices(shard)) for shard in range(4)] == [
        list(range(8)), list(range(8, 16)), list(range(16, 20)), []
    ]  # fmt: skip


@pytest.mark.parametrize(
    "word",
    [
        "workers=2",
        "episodes=99",
        "shard_size=3",
        "compression=lzf",
        "pool.recycle=9",
        "probe=false",
    ],
)
def test_where_and_how_fast_do_not_name_the_content(word: str) -> None:
    task = f"task={TASKS[0]}"
    assert plan(task).spec_id == plan(task, word, out="elsewhere").spec_id


@pytest.mark.parametrize(
    "word",
    ["seed=1", "renderer=none", "image_size=[64,64]", "task.max_seconds=1", "physics.hz=960",
     "camera.front.fov_deg=50", "robot.home_jitter_deg=9"],
)  # fmt: skip
def test_whatever_an_episode_depends_on_names_it(word: str) -> None:
    task = f"task={TASKS[0]}"
    assert plan(task).spec_id != plan(task, word).spec_id


def test_versions_and_assets_name_the_content_too() -> None:
    recipe: dict[str, Any] = {"task": {"name": "a"}}
    one = spec_id(recipe, {"numpy": "2.4"}, {"robot/panda": "00"})
    assert one == spec_id(dict(recipe), {"numpy": "2.4"}, {"robot/panda": "00"})
    assert one != spec_id(recipe, {"numpy": "2.5"}, {"robot/panda": "00"})
    assert one != spec_id(recipe, {"numpy": "2.4"}, {"robot/panda": "01"})


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="number that is none"):
        spec_id({"scene": {"gap": float("nan")}}, {}, {})


def test_the_code_has_a_hash_that_plumbing_does_not_change() -> None:
    assert len(code_hash()) == 64
    assert code_hash() == code_hash()


def test_planning_writes_nothing(tmp_path: Path) -> None:
    found = plan(f"task={TASKS[0]}", out=str(tmp_path / "lib"))
    assert not finished(found)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("task", TASKS)
def test_a_scene_that_cannot_be_is_refused_before_anything_is_made(task: str) -> None:
    config = composed("generate", ["out=nowhere", f"task={task}"])
    making.try_first(config, 0)  # as it comes, it can be
    config["camera"]["front"]["mount"] = "ceiling"
    with pytest.raises(UserError, match="ceiling"):
        making.try_first(config, 0)
