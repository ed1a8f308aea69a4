"""part: whether a mesh file can be a part, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from assets.geometry.suction import spots
from episodes.errors import Exit, UserError
from episodes.shown import shown
from episodes.storage.folder import Folder
from generators.config import user_meshes
from generators.text_table import table

Config = Mapping[str, Any]


def run(config: Config) -> Exit:
    from assets import catalogue
    from assets.frames import to_matrix
    from assets.part import Part

    file, out = str(config["src"]), config["out"]
    if out is not None and out.suffix.lower() != ".png":
        raise UserError(f"out={out}: the picture is a PNG; try out={out.with_suffix('.png')}")
    params, notes = user_meshes.prepared(file, config["scale"], config["density"])
    part: Part = catalogue.build("mesh", params)
    usual = to_matrix(part.rests[0])[:3, :3]
    above = [g for g in part.grasps if (usual @ to_matrix(g.at)[:3, 2])[2] < -0.9]
    cups = [s for s in spots(part.mesh) if (usual @ to_matrix(s.at)[:3, 2])[2] < -0.9]
    widths = sorted(1000 * g.width for g in part.grasps)
    rows = [
        ("size", " x ".join(f"{1000 * v:.1f}" for v in part.extents) + " mm"),
        ("volume", f"{1e6 * part.volume:.1f} cm3"),
        ("mass", f"{1000 * part.mass:.1f} g at {part.density:.0f} kg/m3"),
        ("pieces", f"{len(part.pieces)} convex"),
        ("rests", f"{len(part.rests)} stable"),
        ("grasps", f"{len(part.grasps)}, {len(above)} from above as it usually lies"
         + (f"; {widths[0]:.0f} to {widths[-1]:.0f} mm wide" if widths else "")),
        ("suction", f"{len(spots(part.mesh))} spots, {len(cups)} from above"
         + (f"; cups up to {2000 * max(s.radius for s in cups):.0f} mm" if cups else "")),
    ]  # fmt: skip
    print(table(("part", Path(file).name), rows))
    for note in notes:
        print(shown(f"note: {note}"))
    if out is not None:
        import imageio.v3 as iio

        folder = Folder(out.parent)
        folder.clean()  # what killed runs left
        with folder.filling(out.name) as temporary:
            iio.imwrite(temporary, picture(params, part.extents), extension=".png")
        print(out)
    jaws, cup = bool(above), any(s.radius >= 0.005 for s in cups)
    ways = " and ".join([*["jaws"] * jaws, *["a suction cup"] * cup])
    if not ways:
        print("not usable: neither jaws nor a cup can hold it from above as it usually lies")
        return Exit.FOUND
    print(f"usable, with {ways}")
    return Exit.DONE


def picture(params: Mapping[str, Any], extents: np.ndarray) -> np.ndarray:
    """(480, 640, 3) u1: the part on a table, from in front and above."""
    from generators.rendering import open_renderer, resolved
    from scenes.cameras import look_at
    from sim.pose import Pose
    from sim.spec import Body, Camera, Cell, Light, Material

    size = float(np.linalg.norm(extents))
    wide = float(np.clip(6000 * size, 200, 18_000))
    middle = np.array([0.0, 0.0, extents[2] / 2])
    eye = middle + 1.5 * size * np.array([0.72, 0.52, 0.46])
    floor = {"length_mm": wide, "width_mm": wide}
    cell = Cell(
        bodies=(
            Body("table", "floor", floor, Pose(), Material("painted", (0.42, 0.43, 0.44), 0.6),
                 "fixture", fixed=True),
            Body("part", "mesh", params, Pose(), Material("painted", (0.72, 0.73, 0.74), 0.4),
                 "part", fixed=True),
        ),
        cameras=(Camera("eye", look_at(eye, middle), 640, 480, 0.62, near=0.1 * size,
                        far=max(6.0, 10 * size)),),
        lights=(Light("lamp", "sun", (0.45, 0.25, 0.85)), Light("hall", "sky", occlusion=0.6)),
    )  # fmt: skip
    renderer = open_renderer(resolved({"name": "auto"})["name"])
    frame = next(iter(renderer.frames(cell, np.zeros((1, 0)), ["eye"])))["eye"]
    return np.asarray(frame.rgb)
