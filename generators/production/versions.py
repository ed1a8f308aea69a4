"""The versions of everything that decides what is in an episode."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from generators import rendering
from generators.production.closure import reached
from sim import render, user_folders
from sim.robots import robot

ENGINE = ("generators.run", "generators.rendering")  # what every episode is made with
# physics, motion, geometry and what simplifies the meshes that are drawn
PACKAGES = (
    "cellwright", "pybullet", "numpy", "ompl", "ruckig", "trimesh", "shapely", "mapbox-earcut",
    "meshoptimizer",
)  # fmt: skip
ROBOT = "robot/"  # begins the name of a robot among versions


def content_versions(renderer: str, robots: Iterable[str], task: str | None) -> dict[str, str]:
    """The versions of everything that may change a state or a pixel: of the code that the task
    and the renderer reach, of packages, and of the robots' files.

    renderer, robots: their names. task: None where episodes are only rendered again. UserError for
    a name that is none.
    """
    return {
        "code": code_hash(renderer, task)[:16],
        **{package: version(package) for package in PACKAGES},
        "renderer": rendering.renderer_version(renderer),
        **{f"{ROBOT}{card}": robot.load(card).sha256[:16] for card in robots},
    }


def robots_among(versions: Mapping[str, str]) -> list[str]:
    """The robots whose versions these are."""
    return [name.removeprefix(ROBOT) for name in versions if name.startswith(ROBOT)]


@cache
def code_hash(renderer: str, task: str | None) -> str:
    """`hash_of_code` of the code that runs."""
    return hash_of_code(Path(str(files("sim"))).parent, renderer, task)


def hash_of_code(root: Path, renderer: str, task: str | None) -> str:
    """sha256 over the source files of the tree at `root`, and of the user's folders, that episodes
    of the task seen by the renderer can depend on: what both and the engine import, and the task's
    sentences. Where a file lies does not matter, so a folder can be moved."""
    modules = list(ENGINE)
    if renderer in render.RENDERERS:
        modules.append(render.RENDERERS[renderer].partition(":")[0])
    if task is not None:
        modules.append(f"generators.tasks.{task}")
    sources = reached(root, modules)
    sources["episodes.episode"] = root / "episodes" / "episode.py"
    said = [root / user_folders.PLACES["sentences"], *user_folders.folders("sentences")]
    files_said = [folder / f"{task}.yaml" for folder in said]
    sources |= {f"sentences/{task}": file for file in files_said if file.is_file()}
    digest = hashlib.sha256()
    for name, file in sources.items():
        digest.update(f"{name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
