"""No process that we start takes a module from the folder that the command is given in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generators.command.cli import dispatch
from tests.golden import LIBRARY
from tests.helpers import ROOT

# ours, the standard library's, and those of what we use
NAMES = (
    "sim", "scenes", "assets", "generators", "episodes", "cellwright", "conf", "hydra_plugins",
    "multiprocessing", "subprocess", "json", "random", "signal", "logging", "importlib",
    "sitecustomize", "usercustomize", "numpy", "h5py", "hydra", "omegaconf", "yaml", "pebble",
    "pybullet", "moderngl", "trimesh", "shapely", "ompl", "ruckig", "imageio", "imageio_ffmpeg",
    "PIL", "tqdm", "meshoptimizer", "coacd", "bpy", "mathutils", "ray", "submitit", "optuna",
)  # fmt: skip
COMMAND = Path(sys.executable).with_name("cellwright")
MODULE = [sys.executable, "-m", "cellwright"]
SAFE = [sys.executable, "-P", "-m", "cellwright"]


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A folder of modules that leave `ran-NAME` beside them when one of them is run."""
    folder = tmp_path / "trap"
    (folder / "conf" / "task").mkdir(parents=True)
    for name in NAMES:
        text = f"open({str(tmp_path / 'ran-')!r} + {name!r} + ' of ' + __name__, 'w').close()\n"
        (folder / f"{name}.py").write_text(text)
    (folder / "conf" / "list.yaml").write_text("root: nowhere\n")
    return folder


def run(trap: Path, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, given in the folder; nothing that lies there ran."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONSAFEPATH", "PYTHONPATH")}
    done = subprocess.run(
        command, cwd=trap, env={**clean, **environment}, capture_output=True, text=True
    )
    ran = sorted(path.name for path in trap.parent.glob("ran-*"))
    assert not ran, f"{ran}; {done.stderr[-2000:]}"
    return done


def test_the_trap_works(trap: Path) -> None:
    """Python itself runs what lies there."""
    with pytest.raises(AssertionError, match="ran-sim of sim"):
        run(trap, [sys.executable, "-c", "import sim"])


def test_the_command_itself(trap: Path) -> None:
    if not COMMAND.exists():
        pytest.skip("the package is not installed")
    done = run(trap, [str(COMMAND), "list", "root=."])
    assert done.returncode == 0, done.stderr


def test_python_m_cellwright(trap: Path) -> None:
    """Without -P Python itself looks there for cellwright and what it needs to start it."""
    for name in ("cellwright", "importlib"):
        (trap / f"{name}.py").unlink()
    for command in (MODULE, SAFE):
        done = run(trap, [*command, "list", "root=."], PYTHONPATH=str(ROOT))
        assert done.returncode == 0, done.stderr
        assert f"no library under {trap}" in done.stdout


@pytest.mark.parametrize("pool", ["local", "ray", "slurm"])
def test_workers_and_the_trial_of_opengl(pool: str, trap: Path, tmp_path: Path) -> None:
    if pool != "local":
        pytest.importorskip({"ray": "ray", "slurm": "submitit"}[pool])
    own = {"local": [], "ray": [], "slurm": ["pool.cluster=local", "pool.poll_s=0.1"]}[pool]
    words = ["generate", "task=bench_place", f"out={tmp_path / 'lib'}", "episodes=1",
             "task.max_seconds=0.2", "image_size=[8,8]", f"pool={pool}", *own]  # fmt: skip
    done = run(trap, [*SAFE, *words], PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lib" / "shards" / "00000.json").is_file()


def test_a_search(trap: Path, tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    words = ["generate", "-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=1", "probe=false",
             "task=bench_place", "renderer=none", "episodes=1", f"out={tmp_path / 'all'}",
             "task.max_seconds=interval(0.2,0.3)"]  # fmt: skip
    done = run(trap, [*SAFE, *words], PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr


FRAME = (
    "from sim.render.cycles import CyclesRenderer; from tests import raster_cells as c; "
    "cell = c.around('hex_nut'); next(CyclesRenderer().frames(cell, c.states(cell), ['eye']))"
)


def test_blender_is_looked_for_elsewhere(trap: Path) -> None:
    """Its Python finds no bpy, though one lies in the folder."""
    done = run(trap, [sys.executable, "-P", "-c", FRAME], PYTHONPATH=str(ROOT),
               CELLWRIGHT_BLENDER_PYTHON=sys.executable)  # fmt: skip
    assert "UserError: renderer=cycles needs Blender's Python module" in done.stderr


def test_blender_itself(trap: Path, tmp_path: Path) -> None:
    """With a bpy that says that it is the right one, and ends."""
    (tmp_path / "blender").mkdir()
    (tmp_path / "blender" / "bpy.py").write_text("import sys, numpy; sys.exit('the right bpy')\n")
    done = run(trap, [sys.executable, "-P", "-c", FRAME],
               PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path / 'blender'}",
               CELLWRIGHT_BLENDER_PYTHON=sys.executable)  # fmt: skip
    assert "Blender ended with 1: the right bpy" in done.stderr


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 knows no safe path")
def test_workers_of_the_loader(trap: Path, tmp_path: Path) -> None:
    """In a script of the user's own, which lies elsewhere."""
    manifest = tmp_path / "mix.json"
    sources = f"sources=[{{name:a,path:{LIBRARY},weight:1}}]"
    assert dispatch(["mix", f"out={manifest}", sources, "keys=[actions]"]) == 0
    script = tmp_path / "scripts" / "train.py"
    script.parent.mkdir()
    script.write_text(
        "import cellwright\n"
        "if __name__ == '__main__':\n"
        f"    mix = cellwright.Mix({str(manifest)!r})\n"
        "    batch = next(iter(cellwright.Loader(mix, batch_size=2, workers=1)))\n"
        "    print(sorted(batch))\n"
    )
    done = run(trap, [sys.executable, str(script)], PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    assert "actions" in done.stdout
