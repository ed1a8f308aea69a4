"""Writes docs/parts.md and its pictures: every kind of part, with its sizes and where it is held.

python scripts/parts_page.py           the page and the pictures
python scripts/parts_page.py --text    the page alone
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from assets import catalogue, materials
from assets.frames import to_matrix

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "parts.md"
TILE, COLUMNS = 180, 8
GROUPS = {
    "workpiece": ("Handled", "What robots pick, place, insert, pack and inspect."),
    "fixture": ("Fixtures", "What holds, feeds, carries and machines. What moves is a kind of its "
                "own, a body with a joint."),
    "scenery": ("Scenery", "What stands about."),
}  # fmt: skip
HEAD = """# Parts

Every part is parametric: `parts.build("hex_nut", {"size": "M12"})`. Lengths end in `_mm`; in a
scene they are keys (`scene.parts`). Each part has a closed mesh, convex pieces for contact, a mass
from its material's density, named frames, grasps for jaws and flat spots for suction cups, and the
poses in which it rests. This page is written by `make parts`.
"""
OWN = """
## A mesh of your own

`cellwright part src=MESH.stl` tells whether a file (STL, OBJ, PLY, OFF, GLB) can be a part, and why
not: size, mass, convex pieces, grasps, suction spots, stable rests, with `out=part.png` a picture.
`cellwright generate task=bench_place part=MESH.stl out=runs/mine` then makes episodes with it,
`task=bin_pick` too. It needs the extra `meshes` (`pip install 'cellwright[meshes]'`).

- Units are guessed: over 1.5 long means millimetres. `scale=0.001` says it.
- The solid must be closed; small holes are filled, larger ones named by place.
- It is decomposed into convex pieces by CoACD (cached, same seed), weighs by `density`, and rests
  as the likeliest of its stable poses.
- Grasps are sampled on the surface: two points that face each other within the friction cone, with
  room for the jaws and the hand.
- In a scene file of your own (`--config-dir`): `parts: {mesh: {file: MESH.stl, density: 2700}}`.

The library carries the part itself, packed into the config and into each cell: it can be moved,
replayed and made again without the file. `spec_id` depends on the content, not on where it lies.
"""


def page() -> str:
    """The text of docs/parts.md."""
    out = [HEAD]
    for group, (title, says) in GROUPS.items():
        out.append(f"\n## {title}\n\n{says}\n\n![{title}](images/parts-{group}.jpg)\n")
        out.append("| kind | size, mm | mass | norm | parameters | sizes | frames |")
        out.append("|---|---|---|---|---|---|---|")
        for kind in catalogue.kinds(group):
            out.append(_row(kind))
    return "\n".join(out) + "\n" + OWN


def _row(kind: str) -> str:
    part = catalogue.build(kind)
    size = " x ".join(f"{1000 * v:.0f}" for v in part.extents)
    mass = f"{part.mass:.1f} kg" if part.mass >= 1.0 else f"{1000 * part.mass:.0f} g"
    params = " ".join(f"`{p}`" for p in catalogue.defaults(kind) if p != "material")
    sizes = catalogue.sizes(kind)
    named = sizes[0] if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}" if sizes else ""
    names = list(part.frames)
    frames = " ".join(
        f"`{n}`" for n in (names if len(names) <= 6 else [names[0], "...", names[-1]])
    )
    return f"| `{kind}` | {size} | {mass} | {part.norm} | {params} | {named} | {frames} |"


def pictures() -> None:
    """A sheet of every kind of a group, in docs/images."""
    from PIL import Image, ImageDraw

    from sim.render.raster import RasterRenderer

    renderer = RasterRenderer()
    for group in GROUPS:
        kinds = [k for k in catalogue.kinds(group) if k not in ("floor", "wall")]
        rows = -(-len(kinds) // COLUMNS)
        sheet = Image.new("RGB", (COLUMNS * TILE, rows * TILE), (52, 53, 54))
        for i, kind in enumerate(kinds):
            tile = Image.fromarray(_picture(renderer, kind)).resize((TILE, TILE), Image.LANCZOS)
            ImageDraw.Draw(tile).text((5, 4), kind, fill=(235, 235, 230))
            sheet.paste(tile, (i % COLUMNS * TILE, i // COLUMNS * TILE))
        sheet.save(ROOT / "docs" / "images" / f"parts-{group}.jpg", quality=84)
    renderer.close()


def _picture(renderer, kind: str):  # type: ignore[no-untyped-def]
    from scenes.cameras import look_at
    from sim.pose import Pose
    from sim.spec import Body, Camera, Cell, Light, Material

    part = catalogue.build(kind)
    look = materials.finish(part.params["material"])
    coats = {"painted": (0.78, 0.80, 0.82), "anodised": (0.60, 0.63, 0.67)}
    rgb = coats.get(part.params["material"], look.rgb)
    coat = Material(part.params["material"], rgb, look.roughness, look.metallic)
    rest = to_matrix(part.rests[0])
    middle = rest[:3, :3] @ part.mesh.bounds.mean(axis=0) + rest[:3, 3]
    size = float(np.linalg.norm(part.extents))
    eye = middle + 1.62 * size * np.array([0.72, 0.54, 0.44])
    wide = float(np.clip(8000 * size, 150, 19_000))
    ground = {"length_mm": wide, "width_mm": wide}
    cell = Cell(
        bodies=(
            Body("ground", "floor", ground, Pose(), Material("painted", (0.4, 0.41, 0.42), 0.6),
                 "fixture", fixed=True),
            Body("it", kind, part.params, Pose.at(rest[:3, 3], rest[:3, :3]), coat, fixed=True),
        ),
        cameras=(Camera("eye", look_at(eye, middle), 2 * TILE, 2 * TILE, 0.62,
                        near=max(0.005, 0.1 * size), far=max(6.0, 10 * size)),),
        lights=(Light("lamp", "sun", (0.45, 0.25, 0.85)), Light("hall", "sky", occlusion=0.6)),
    )  # fmt: skip
    return next(iter(renderer.frames(cell, np.zeros((1, 0)), ["eye"])))["eye"].rgb


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    if "--text" not in sys.argv:
        pictures()
