"""What a config becomes: a spec that names the content, and shards that cover it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from shutil import ignore_patterns
from typing import Any

import pytest

from episodes.errors import UserError
from generators.command.hydra_app import composed
from generators.config import groups
from generators.production import recipes
from generators.production.closure import FLOORS, reached
from generators.production.plan import Plan, finished, spec_id
from generators.production.recipes import generation
from generators.production.versions import ENGINE, code_hash, hash_of_code
from sim.robots import robot, xml_safe
from tests.helpers import ROOT

TASKS = groups.options("task")


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


def test_versions_name_the_content_too() -> None:
    recipe: dict[str, Any] = {"task": {"name": "a"}}
    one = spec_id(recipe, {"numpy": "2.4", "robot/panda": "00"})
    assert one == spec_id(dict(recipe), {"robot/panda": "00", "numpy": "2.4"})
    assert one != spec_id(recipe, {"numpy": "2.5", "robot/panda": "00"})
    assert one != spec_id(recipe, {"numpy": "2.4", "robot/panda": "01"})


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="number that is none"):
        spec_id({"scene": {"gap": float("nan")}}, {})


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for package in ("assets", "episodes", "generators", "scenes", "sim"):
        shutil.copytree(ROOT / package, root / package, ignore=ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize(
    ("file", "decides"),
    [
        ("sim/bullet/world.py", True),
        ("sim/render/shaders.py", True),  # the renderer's, imported inside a function
        ("sim/render/__init__.py", True),
        ("scenes/look.py", True),
        ("scenes/bins.py", True),  # the task's scene
        ("generators/rendering.py", True),  # the cameras and looks of `render`
        ("generators/run.py", True),
        ("generators/tasks/bin_pick.py", True),
        ("generators/tasks/__init__.py", True),
        ("generators/language/sentences/bin_pick.yaml", True),
        ("episodes/episode.py", True),
        ("generators/command/cli.py", False),
        ("generators/production/plan.py", False),
        ("episodes/storage/store.py", False),
        ("generators/tasks/peg_round.py", False),  # another task, and what it alone uses
        ("generators/language/sentences/peg_round.yaml", False),
        ("scenes/insertion.py", False),
        ("sim/render/cycles.py", False),  # another renderer
        ("generators/tasks/new_task.py", False),  # files that nobody asked for
        ("scenes/new_scene.py", False),
        ("sim/render/new_renderer.py", False),
    ],
)
def test_an_edit_changes_the_hash_where_it_can_change_an_episode(
    copied_tree: Path, file: str, decides: bool
) -> None:
    before = hash_of_code(copied_tree, "raster", "bin_pick")
    edited = copied_tree / file
    text = edited.read_text() if edited.exists() else None
    try:
        edited.write_text((text or "") + "\n# edited\n")
        assert (hash_of_code(copied_tree, "raster", "bin_pick") != before) == decides
    finally:
        edited.unlink()
        if text is not None:
            edited.write_text(text)


def test_an_import_is_followed_wherever_it_stands(tmp_path: Path) -> None:
    for name, text in {
        "sim/__init__.py": "",
        "sim/a.py": "def late():\n    from sim.b import what\n",
        "sim/b.py": "import sim.deep.c as c\nfrom numpy import sim\n",
        "sim/deep/__init__.py": "from .d import x\n",
        "sim/deep/c.py": "if True:\n    from ..e import x\n",
        "sim/deep/d.py": "from episodes.storage import store\n",
        "sim/e.py": "",
        "sim/unused.py": "from sim import a\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = ["sim", "sim.a", "sim.b", "sim.deep", "sim.deep.c", "sim.deep.d", "sim.e"]
    assert list(reached(tmp_path, ["sim.a"])) == found


def test_the_code_that_runs_is_what_is_hashed() -> None:
    assert code_hash("raster", "bin_pick") == hash_of_code(ROOT, "raster", "bin_pick")


@pytest.mark.parametrize("task", ["bench_place", "machine_load"])
def test_whatever_making_an_episode_imports_is_in_the_hash(task: str) -> None:
    """Nothing is found by name at run time that the hash does not know of."""
    code = (
        "import sys; from generators.command.hydra_app import composed;"
        "config = composed('generate', sys.argv[1:]); before = set(sys.modules);"
        "from generators import rendering, run;"
        "episode = run.make_episode(config, 0, 0);"
        "run.add_frames(episode, rendering.open_renderer('tiny'));"
        "print(*(set(sys.modules) - before))"
    )
    words = [f"task={task}", "out=x", "task.max_seconds=0.2", "image_size=[16,16]"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    imported = {m for m in done.stdout.split() if m.partition(".")[0] in FLOORS}
    known = reached(ROOT, [*ENGINE, "sim.bullet.tiny", f"generators.tasks.{task}"])
    assert {f"generators.tasks.{task}", "sim.bullet.world", "scenes.look"} <= imported
    assert imported <= set(known)


def test_what_decides_content_has_its_version_in_the_spec() -> None:
    named = set(plan(f"task={TASKS[0]}").versions)
    assert named >= {"pybullet", "numpy", "ompl", "ruckig", "trimesh", "shapely", "mapbox-earcut",
                     "meshoptimizer", "renderer", "code", "robot/panda"}  # fmt: skip


@pytest.mark.parametrize("where", ["collision", "visual"])
def test_a_robots_hash_covers_what_is_touched_and_what_is_seen(where: str) -> None:
    model = robot.load("panda")
    root = xml_safe.root_of(model.urdf)
    named = {mesh.attrib["filename"] for shape in root.iter(where) for mesh in shape.iter("mesh")}
    assert named
    hashed = {file.name for file in robot.mesh_files(model.urdf)}
    assert {Path(name).name for name in named} <= hashed


def test_planning_writes_nothing(tmp_path: Path) -> None:
    found = plan(f"task={TASKS[0]}", out=str(tmp_path / "lib"))
    assert not finished(found)
    assert not list(tmp_path.iterdir())


# that every task can be as it comes, test_tasks sees
@pytest.mark.parametrize("task", ["bench_place", "conveyor_pick", "carton_pack"])
def test_a_scene_that_cannot_be_is_refused_before_anything_is_made(task: str) -> None:
    config = composed("generate", ["out=nowhere", f"task={task}"])
    recipes.try_first(config, 0)  # as it comes, it can be
    config["camera"]["front"]["mount"] = "ceiling"
    with pytest.raises(UserError, match="ceiling"):
        recipes.try_first(config, 0)
