"""Parts from the user's own mesh files: `part=FILE`, or `file:` under `mesh` in a scene's parts.

A config comes out with the files' content in place of their names, so that spec_id, library.json
and every cell hold all that is needed to make or replay an episode anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from episodes.errors import UserError
from generators.config import groups
from sim import user_folders

KEYS = ("file", "scale", "density")


def resolved(config: dict[str, Any]) -> dict[str, Any]:
    """The config with `part` and every `scene.*.mesh` made params of the kind "mesh".

    UserError for a file that cannot be a part, and for a task that has no use for `part`.
    """
    given, scene = config.get("part"), config.get("scene")
    if given is not None:
        task = config.get("task") or {}
        if not task.get("own_part"):
            raise UserError(
                f"part={_file(given)}: task={task.get('name')} handles no part of your own; those "
                f"that do: {', '.join(_tasks_for_own_parts())}"
            )
        config = {**config, "part": _params(given, "part")}
    if isinstance(scene, Mapping):
        changed = {
            key: {**kinds, "mesh": _params(kinds["mesh"], f"scene.{key}.mesh")}
            for key, kinds in scene.items()
            if isinstance(kinds, Mapping) and isinstance(kinds.get("mesh"), Mapping)
        }
        if changed:
            config = {**config, "scene": {**scene, **changed}}
    return config


def _tasks_for_own_parts() -> list[str]:
    """The tasks whose config says `own_part: true`."""
    files = groups.files_of("task")
    read = {name: yaml.safe_load(file.read_text(encoding="utf-8")) for name, file in files.items()}
    return sorted(name for name, config in read.items() if config["task"].get("own_part"))


def _file(given: Any) -> Any:
    return given.get("file") if isinstance(given, Mapping) else given


def _params(given: Any, key: str) -> dict[str, Any]:
    """Params of the kind "mesh" from a file's name, or a mapping of KEYS."""
    if isinstance(given, str):
        given = {"file": given}
    if not isinstance(given, Mapping):
        raise UserError(f"{key}={given!r}: give a mesh file (STL, OBJ, PLY, OFF or GLB)")
    if "data" in given:  # resolved before, in a library's own config
        return dict(given)
    unknown = [name for name in given if name not in KEYS]
    if unknown or "file" not in given:
        raise UserError(f"{key}: a mesh has file, scale and density, not {', '.join(unknown)}")
    params, _ = prepared(str(given["file"]), given.get("scale"), given.get("density"))
    from assets import catalogue

    if not catalogue.build("mesh", params).grasps:
        raise UserError(
            f"{key}={given['file']}: no grasp for the jaws was found; `cellwright part "
            f"src={given['file']}` tells its size"
        )
    return params


def prepared(
    file: str, scale: Any = None, density: Any = None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Params of the kind "mesh" for a file, and what was noticed. UserError says what is wrong."""
    from assets.kinds import import_mesh
    from sim import cache

    for name, value in (("scale", scale), ("density", density)):
        if value is not None and not (isinstance(value, int | float) and 0 < value < 1e6):
            raise UserError(f"{name}={value!r}: give a number over 0, or null")
    found = import_mesh.prepared(
        _resolve_file(file),
        partial(cache.kept, "parts"),
        scale=None if scale is None else float(scale),
        density=float(density or 0.0),
    )
    return dict(found.params), found.notes


def _resolve_file(file: str) -> Path:
    """The file of that name here, or in `parts/` of a folder of the user's own. A name with a / is
    a path, and stands for itself. UserError where it could be either of two."""
    here = Path(file).expanduser()
    there = [folder / file for folder in user_folders.folders("parts")] if "/" not in file else []
    found = [path for path in (here, *there) if path.is_file()]
    if len({path.resolve() for path in found}) > 1:
        raise UserError(
            f"{file} could be {' or '.join(map(str, found))}; give its path, as ./{file}"
        )
    return found[0] if found else here
