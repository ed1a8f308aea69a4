"""The versions of everything that decides what is in an episode."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

CODE = ("assets", "generators", "scenes", "sim")
# folders of generators/ that decide when and where episodes are made, never what is in them
PLUMBING = ("command", "production")
SOURCES = (".py", ".yaml", ".glsl")
# physics, motion, geometry and what simplifies the meshes that are drawn
PACKAGES = (
    "cellwright", "pybullet", "numpy", "ompl", "ruckig", "trimesh", "shapely", "mapbox-earcut",
    "meshoptimizer",
)  # fmt: skip


def content_versions(renderer: str) -> dict[str, str]:
    """The versions of everything that may change a state or a pixel.

    renderer: its name and version, as `generators.rendering.renderer_version` has them.
    """
    return {
        "code": code_hash()[:16],
        **{package: version(package) for package in PACKAGES},
        "renderer": renderer,
    }


@cache
def code_hash() -> str:
    """`hash_of_code` of the code that runs."""
    return hash_of_code(Path(str(files("sim"))).parent)


def hash_of_code(root: Path) -> str:
    """sha256 over the source files below `root` that an episode may depend on: all but those that
    plan, store and print."""
    digest = hashlib.sha256()
    for package in CODE:
        folder = root / package
        for file in sorted(p for p in folder.rglob("*") if p.suffix in SOURCES):
            inside = file.relative_to(folder)
            if package == "generators" and inside.parts[0] in PLUMBING:
                continue
            digest.update(f"{package}/{inside.as_posix()}\n".encode() + file.read_bytes())
    digest.update((root / "episodes" / "episode.py").read_bytes())
    return digest.hexdigest()
