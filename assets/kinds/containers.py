"""What holds parts: kit trays, bins and totes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import trimesh

from assets.frames import Seven
from assets.geometry.shapes import at_height, cuboid, inset, join, loft, prism, rectangle
from assets.geometry.solid import MM, box, require, solid
from assets.part import Box, Part, Piece

Slots = tuple[tuple[float, float], ...]


def tray(
    *,
    slots_mm: Slots = ((64.0, 44.0), (64.0, 44.0), (40.0, 40.0), (40.0, 40.0)),
    columns: int = 2,
    wall_height_mm: float = 5.0,
    base_mm: float = 4.0,
    rib_mm: float = 10.0,
    rim_mm: float = 14.0,
    chamfer_mm: float = 1.0,
    material: str = "pom",
) -> Part:
    """A machined kit tray: pockets (length, width) filled row by row from the back left.

    frames: "slot_i", on the pocket's floor in its middle, where a part's own frame comes to lie.
    dims: "slot_i_length" and "slot_i_width" beside the outside.
    """
    require(
        len(slots_mm) > 0 and all(len(s) == 2 for s in slots_mm),
        "tray: slots_mm must list (length, width) pairs, at least one",
    )
    require(
        all(min(s) > 4.0 * chamfer_mm for s in slots_mm),
        "tray: every slot must be over 4 chamfers long and wide",
    )
    require(columns >= 1, f"tray: columns={columns} must be 1 or more")
    require(
        min(rib_mm, rim_mm) > 2.0 * chamfer_mm, "tray: rib_mm and rim_mm must be over 2 chamfers"
    )
    require(wall_height_mm > chamfer_mm, "tray: wall_height_mm must be over chamfer_mm")
    sizes = np.array(slots_mm) * MM
    rows = [list(range(i, min(i + columns, len(sizes)))) for i in range(0, len(sizes), columns)]
    rib, rim, base, c = rib_mm * MM, rim_mm * MM, base_mm * MM, chamfer_mm * MM
    top = base + wall_height_mm * MM
    across = [max(sizes[r[k]][0] for r in rows if k < len(r)) for k in range(len(rows[0]))]
    deep = [max(sizes[i][1] for i in r) for r in rows]
    length = sum(across) + rib * (len(across) - 1) + 2 * rim
    width = sum(deep) + rib * (len(deep) - 1) + 2 * rim
    middle_x = -length / 2 + rim + np.cumsum([0.0, *across[:-1]]) + np.array(across) / 2
    middle_x = middle_x + rib * np.arange(len(across))
    middle_y = width / 2 - rim - np.cumsum([0.0, *deep[:-1]]) - np.array(deep) / 2
    middle_y = middle_y - rib * np.arange(len(deep))

    frames: dict[str, Seven] = {}
    dims = {"length": length, "width": width, "height": top, "floor": base}
    holes, walls = [], [box(length, width, base, (0.0, 0.0, 0.0))]
    edge_y = width / 2
    for row, y, depth in zip(rows, middle_y, deep, strict=True):
        walls.append(_wall(-length / 2, length / 2, y + depth / 2, edge_y, base, top))
        edge_y, edge_x = y - depth / 2, -length / 2
        for i, x in zip(row, middle_x, strict=False):
            long, wide = (float(v) for v in sizes[i])
            holes.append(rectangle(long, wide)[::-1] + np.array([x, y]))
            frames[f"slot_{i}"] = (float(x), float(y), base, 0.0, 0.0, 0.0, 1.0)
            dims[f"slot_{i}_length"], dims[f"slot_{i}_width"] = long, wide
            walls.append(_wall(edge_x, x - long / 2, y - depth / 2, y + depth / 2, base, top))
            edge_x = x + long / 2
            if wide < depth - 1e-9:
                walls.append(
                    _wall(x - long / 2, x + long / 2, y + wide / 2, y + depth / 2, base, top)
                )
                walls.append(
                    _wall(x - long / 2, x + long / 2, y - depth / 2, y - wide / 2, base, top)
                )
        walls.append(_wall(edge_x, length / 2, y - depth / 2, y + depth / 2, base, top))
    walls.append(_wall(-length / 2, length / 2, -width / 2, edge_y, base, top))
    outline = rectangle(length, width, 2 * c)
    mesh = join(
        prism(outline, 0.0, base, chamfer=0.0, chamfer_bottom=c / 2),
        prism(outline, base, top, holes, c, chamfer_bottom=0.0),
    )
    slots = tuple(f"slot_{i}" for i in range(len(frames)))
    return replace(solid(mesh, walls, material, dims, frames, turns=1), slots=slots)


def _wall(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float) -> Box:
    return box(x1 - x0, y1 - y0, z1 - z0, ((x0 + x1) / 2, (y0 + y1) / 2, z0))


def bin(
    *,
    length_mm: float = 300.0,
    width_mm: float = 200.0,
    height_mm: float = 120.0,
    wall_mm: float = 3.0,
    rib_mm: float = 6.0,
    material: str = "polypropylene",
) -> Part:
    """A small load carrier (in the manner of VDA 4500 R-KLT): ribbed walls under a wide rim.

    frames: "floor", in the middle of the inside. The collision walls are `wall_mm` thick plus the
    ribs' depth, so that they do not let small parts through.
    """
    return _carrier("bin", length_mm, width_mm, height_mm, wall_mm, rib_mm, 5, material)


def tote(
    *,
    length_mm: float = 400.0,
    width_mm: float = 300.0,
    height_mm: float = 120.0,
    wall_mm: float = 3.0,
    rib_mm: float = 7.0,
    material: str = "polypropylene",
) -> Part:
    """A stacking container of Euro size (EN 13199-1), with a smooth band between rim and foot."""
    return _carrier("tote", length_mm, width_mm, height_mm, wall_mm, rib_mm, 2, material)


def _carrier(
    kind: str,
    length_mm: float,
    width_mm: float,
    height_mm: float,
    wall_mm: float,
    rib_mm: float,
    ribs: int,
    material: str,
) -> Part:
    require(
        min(length_mm, width_mm) > 4.0 * (wall_mm + rib_mm) and height_mm > 6.0 * wall_mm,
        f"{kind}: {length_mm:g} x {width_mm:g} x {height_mm:g} mm is too small for walls of "
        f"{wall_mm:g} and ribs of {rib_mm:g} mm",
    )
    length, width, height = length_mm * MM, width_mm * MM, height_mm * MM
    wall, rib = wall_mm * MM, rib_mm * MM
    deep = wall + rib
    shell = _shell(length - 2 * rib, width - 2 * rib, height, wall, 0.004)
    skins = [shell, _band(length, width, rib, height - 0.014, height - 0.0005)]
    skins.append(_band(length - rib, width - rib, rib / 2, 0.004, 0.012))
    if ribs <= 2:
        skins.append(_band(length, width, rib, 0.62 * height, 0.62 * height + 0.004))
    for k in range(ribs):
        along = (k + 1) / (ribs + 1) - 0.5
        for sign in (-1.0, 1.0):
            x, y = along * (length - 2 * deep), sign * (width - rib) / 2
            tall = height - 0.018
            skins.append(cuboid(0.003, rib, tall, (x, y, 0.005)))
            x, y = sign * (length - rib) / 2, along * (width - 2 * deep)
            skins.append(cuboid(rib, 0.003, tall, (x, y, 0.005)))
    x, y = length / 2 - deep, width / 2 - deep
    pieces: list[Piece] = [box(length, width, wall, (0.0, 0.0, 0.0))]
    for sign in (-1.0, 1.0):
        pieces.append(box(deep, width, height - wall, (sign * (x + deep / 2), 0.0, wall)))
        pieces.append(box(2 * x, deep, height - wall, (0.0, sign * (y + deep / 2), wall)))
    return solid(
        join(*skins),
        pieces,
        material,
        {
            "length": length,
            "width": width,
            "height": height,
            "floor": wall,
            "inner_length": 2 * x,
            "inner_width": 2 * y,
        },
        {"floor": (0.0, 0.0, wall, 0.0, 0.0, 0.0, 1.0)},
        turns=2,
    )


def _shell(
    length: float, width: float, height: float, wall: float, corner: float
) -> trimesh.Trimesh:
    outside = rectangle(length, width, corner)
    inside = inset(outside, wall)
    return loft(
        [
            at_height(inset(outside, 0.002), 0.0),
            at_height(outside, 0.002),
            at_height(outside, height),
            at_height(inside, height),
            at_height(inside, wall),
        ]
    )


def _band(length: float, width: float, depth: float, bottom: float, top: float) -> trimesh.Trimesh:
    """A frame of rectangular section around the outside."""
    outer = rectangle(length, width, 0.006)
    hole = inset(outer, depth)[::-1]
    return prism(outer, bottom, top, [hole], 0.0008)
