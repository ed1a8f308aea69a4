"""A machine tool that a robot tends: enclosure and sliding door, buttons and stack light.

Fronts face +y. What moves is a kind of its own: the door along x, a button's cap along its z.
"""

from __future__ import annotations

import numpy as np

from assets.frames import Seven, seven, turn
from assets.geometry.shapes import cuboid, join, moved, revolve, standing_frame, turned
from assets.geometry.solid import MM, RGB, Layer, box, inked, require, solid, upright
from assets.part import Cylinder, Part, Piece

DARK: RGB = (0.09, 0.10, 0.11)
GLASS: RGB = (0.05, 0.08, 0.10)
STEEL: RGB = (0.60, 0.60, 0.60)
TO_FRONT = turn("x", -np.pi / 2)  # z of what is turned points to +y
GAP = 0.006  # [m] between the front panel and the door before it


def machine_body(
    *,
    length_mm: float = 1000.0,
    width_mm: float = 700.0,
    height_mm: float = 1500.0,
    table_mm: float = 800.0,
    opening_mm: float = 440.0,
    opening_height_mm: float = 460.0,
    wall_mm: float = 30.0,
    door_on: str = "right",
    material: str = "painted",
) -> Part:
    """An enclosure, open at the front beside the panel over which the door slides.

    door_on: the side to which the door slides open, as seen by the robot in front, looking along
    -y: "right" is -x, "left" is +x. The opening is on the other side and begins at the table.
    frames: "table", on the table behind the middle of the opening; "opening", its middle, in the
    front's plane; "door" and "door_open", where the machine_door's own frame is when it is closed
    and open; "panel", on the front beside the opening below the door's height, its z out of it.
    """
    require(door_on in ("left", "right"), "machine_body: door_on must be left or right")
    require(
        2 * opening_mm + 3 * wall_mm <= length_mm,
        f"machine_body: length_mm={length_mm:g} must be over {2 * opening_mm + 3 * wall_mm:g}: "
        "the door slides beside its opening",
    )
    require(
        table_mm + opening_height_mm + 2 * wall_mm < height_mm and table_mm > 150.0,
        "machine_body: the opening, on the table, must end 2 wall_mm under height_mm",
    )
    require(width_mm > 6 * wall_mm, "machine_body: width_mm must be over 6 wall_mm")
    length, depth, h, t = length_mm * MM, width_mm * MM, height_mm * MM, wall_mm * MM
    table, wide, tall = table_mm * MM, opening_mm * MM, opening_height_mm * MM
    sign = 1.0 if door_on == "right" else -1.0  # the opening is towards sign * x
    middle = sign * (length / 2 - t - wide / 2)
    front, top = depth / 2, table + tall
    back = length / 2
    panel = 2 * back - t - wide  # the width of the fixed front beside the opening
    panel_x = -sign * (back - panel / 2)
    pieces: list[Piece] = [
        box(length, depth, table, (0.0, 0.0, 0.0)),
        box(length, t, h - table, (0.0, -front + t / 2, table)),
        box(t, depth - t, h - table, (-back + t / 2, t / 2, table)),
        box(t, depth - t, h - table, (back - t / 2, t / 2, table)),
        box(length, depth, t, (0.0, 0.0, h - t)),
        box(panel, t, h - table - t, (panel_x, front - t / 2, table)),
        box(wide, t, h - t - top, (middle, front - t / 2, top)),
    ]
    skins = [
        cuboid(length, depth, table - 0.1, (0.0, 0.0, 0.1), 0.006),
        cuboid(length, t, h - table, (0.0, -front + t / 2, table), 0.004),
        cuboid(t, depth, h - table, (-back + t / 2, 0.0, table), 0.004),
        cuboid(t, depth, h - table, (back - t / 2, 0.0, table), 0.004),
        cuboid(length, depth, t, (0.0, 0.0, h - t), 0.006),
        cuboid(panel, t, h - table - t / 2, (panel_x, front - t / 2, table), 0.004),
        cuboid(wide + t / 2, t, h - top - t / 2, (middle, front - t / 2, top), 0.004),
        # the lower front: a door for the swarf bin, and an edge under the opening
        cuboid(0.6 * length, 0.02, 0.5 * table, (0.0, front - 0.001, 0.2 * table), 0.004),
    ]
    rails = [
        cuboid(length - 0.02, 0.014, 0.022, (0.0, front + 0.007, z), 0.002)
        for z in (table - 0.052, top + 0.034)
    ]
    dark = [cuboid(length - 0.06, depth - 0.06, 0.102)]
    slot = 0.012
    for k in range(3):  # the table's T-slots
        y = (k - 1) * 0.2 * depth
        dark.append(cuboid(length - 2.4 * t, slot, 0.0012, (0.0, y, table - 0.0006)))
    for k in range(6):
        at = (-sign * 0.3 * length, front - 0.001, 0.14 + 0.016 * k)
        dark.append(cuboid(0.2 * length, 0.003, 0.007, at))
    dark.append(cuboid(0.09, 0.012, 0.02, (0.2 * length, front + 0.01, 0.6 * table), 0.004))
    mesh, inks = inked((join(*skins), None), (join(*rails), STEEL), (join(*dark), DARK))
    pieces += [box(length - 0.02, 0.014, 0.022, (0.0, front + 0.007, z))
               for z in (table - 0.052, top + 0.034)]  # fmt: skip
    door_y = front + GAP + 0.014
    travel = min(wide + 0.012, panel - 0.01)
    frames: dict[str, Seven] = {
        "table": _level(middle, 0.0, table),
        "opening": _level(middle, front, table + tall / 2),
        "door": _level(middle, door_y, table - 0.025),
        "door_open": _level(middle - sign * travel, door_y, table - 0.025),
        "panel": seven((panel_x, front, table - 0.16), TO_FRONT),
    }
    dims = {"length": length, "width": depth, "height": h, "table": table, "opening": wide,
            "opening_height": tall, "travel": travel, "inside_length": length - 2 * t,
            "inside_width": depth - 2 * t, "open_sign": -sign}  # fmt: skip
    return solid(mesh, pieces, material, dims, frames, inks=inks)


def machine_door(
    *,
    width_mm: float = 460.0,
    height_mm: float = 510.0,
    thickness_mm: float = 25.0,
    frame_mm: float = 50.0,
    handle_mm: float = 220.0,
    handle_on: str = "right",
    material: str = "anodised",
) -> Part:
    """A sliding door with a tinted window and a handle bar to push along x.

    Its back is at y = 0. handle_on: the side of the bar as seen from the front: "right" is -x.
    frames: "handle", in the middle of the bar, its z into the door; "left" and "right", on the
    sides of the bar in its middle, z the way a finger that pushes there points (into the bar).
    """
    require(handle_on in ("left", "right"), "machine_door: handle_on must be left or right")
    require(
        2 * frame_mm < min(width_mm, height_mm) - 40.0, "machine_door: frame_mm leaves no window"
    )
    require(handle_mm < height_mm, "machine_door: handle_mm must be under height_mm")
    width, h, t, bar = width_mm * MM, height_mm * MM, thickness_mm * MM, frame_mm * MM
    grip, r, off = handle_mm * MM, 0.014, 0.055
    sign = -1.0 if handle_on == "right" else 1.0
    x, y, z = sign * (width / 2 - bar / 2), t + off, h / 2
    frame = standing_frame(width, h, bar, t, (0.0, 0.0, 0.0))
    rim = standing_frame(width - 2 * bar + 0.02, h - 2 * bar + 0.02, 0.016, 0.006,
                         (0.0, t - 0.002, bar - 0.01))  # fmt: skip
    pane = cuboid(width - 2 * bar + 0.004, 0.006, h - 2 * bar + 0.004, (0.0, t / 2, bar - 0.002))
    rod = revolve([(r - 0.002, 0.0), (r, 0.002), (r, grip - 0.002), (r - 0.002, grip)], segments=28)
    handle = [moved(rod, (x, y, z - grip / 2))]
    foot = revolve([(0.011, -0.002), (0.011, off)], segments=20)
    ends = (z - grip / 2 + 0.03, z + grip / 2 - 0.03)
    handle += [turned(foot, TO_FRONT, (x, t, end)) for end in ends]
    mesh, inks = inked((frame, None), (join(*handle), STEEL), (rim, DARK), (pane, GLASS))
    pieces: list[Piece] = [
        box(width, t, h, (0.0, t / 2, 0.0)),
        upright_at(r, z - grip / 2, z + grip / 2, x, y),
        *(box(0.02, off, 0.02, (x, t + off / 2, end - 0.01)) for end in ends),
    ]
    sides = {
        name: seven((x + s * r, y, z), np.stack([[0, 0, 1.0], [0, s, 0.0], [-s, 0, 0.0]]).T)
        for name, s in (("left", 1.0), ("right", -1.0))
    }
    return solid(
        mesh,
        pieces,
        material,
        {"width": width, "height": h, "thickness": t, "handle": grip, "bar": 2 * r, "reach": y},
        {"handle": seven((x, y + r, z), turn("x", np.pi / 2)), **sides},
        inks=inks,
    )


def upright_at(radius: float, bottom: float, top: float, x: float, y: float) -> Piece:
    """A collision cylinder along z beside the origin."""
    return Cylinder(radius, top - bottom, (x, y, (bottom + top) / 2, 0.0, 0.0, 0.0, 1.0))


def _level(x: float, y: float, z: float) -> Seven:
    return (x, y, z, 0.0, 0.0, 0.0, 1.0)


def button_box(
    *,
    buttons: int = 2,
    width_mm: float = 72.0,
    pitch_mm: float = 55.0,
    depth_mm: float = 50.0,
    material: str = "painted",
) -> Part:
    """A control box (as IEC 60947-5-1 stations) for push buttons in a row along y; its back is at
    z = 0. frames: "button_i", where a push_button sits, its z out of the box."""
    require(1 <= buttons <= 6, f"button_box: buttons={buttons} must be 1 to 6")
    require(min(width_mm, pitch_mm) >= 45.0, "button_box: width_mm and pitch_mm of 45 or more")
    width, pitch, depth = width_mm * MM, pitch_mm * MM, depth_mm * MM
    length = pitch * buttons + 0.02
    body = cuboid(width, length, 0.7 * depth, (0, 0, 0), 0.003)
    cover = cuboid(width, length, 0.3 * depth - 0.001, (0, 0, 0.7 * depth + 0.001), 0.004)
    seam = cuboid(width - 0.003, length - 0.003, 0.004, (0.0, 0.0, 0.7 * depth - 0.001))
    dark, frames = [seam], {}
    for k in range(buttons):
        y = pitch * ((buttons - 1) / 2 - k)
        frames[f"button_{k}"] = _level(0.0, y, depth)
        collar = revolve([(0.019, depth - 0.001), (0.019, depth + 0.003), (0.0165, depth + 0.005),
                          (0.0165, depth + 0.0005)])  # fmt: skip
        dark.append(moved(collar, (0.0, y, 0.0)))
    screw = revolve([(0.004, depth - 0.001), (0.004, depth + 0.0008), (0.0015, depth + 0.0012)],
                    segments=16)  # fmt: skip
    steel = [
        moved(screw, (sx * (width / 2 - 0.008), sy * (length / 2 - 0.008), 0.0))
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    mesh, inks = inked((join(body, cover), None), (join(*dark), DARK), (join(*steel), STEEL))
    pieces: list[Piece] = [box(width, length, depth, (0.0, 0.0, 0.0))]
    pieces += [upright_at(0.0185, depth, depth + 0.005, 0.0, f[1]) for f in frames.values()]
    return solid(
        mesh,
        pieces,
        material,
        {"width": width, "length": length, "depth": depth, "height": depth + 0.005},
        frames,
        inks=inks,
    )


def push_button(
    *,
    cap_mm: float = 28.0,
    height_mm: float = 14.0,
    mushroom_mm: float = 0.0,
    material: str = "pom",
) -> Part:
    """The cap of a 22 mm push button (IEC 60947-5-1), which moves along -z; z = 0 is the box's
    front. mushroom_mm: the diameter of an emergency stop's head, 0 for a flush cap.

    frames: "top", where a finger presses, its z into the button. dims: "travel".
    """
    require(10.0 <= cap_mm <= 32.0, "push_button: cap_mm must be 10 to 32")
    require(height_mm >= 10.0, "push_button: height_mm must be 10 or more, to stand out")
    require(
        mushroom_mm == 0.0 or mushroom_mm > cap_mm, "push_button: mushroom_mm must be over cap_mm"
    )
    r, h, c = cap_mm * MM / 2, height_mm * MM, 0.0012
    head = mushroom_mm * MM / 2
    if head:
        profile = [(0.7 * r, 0.0), (0.7 * r, 0.5 * h), (head - c, 0.55 * h), (head, 0.55 * h + c),
                   (head, 0.85 * h), (0.8 * head, h - 0.0004), (0.6 * head, h)]  # fmt: skip
        pieces: list[Piece] = [upright(0.7 * r, 0.0, 0.55 * h), upright(head, 0.55 * h, h)]
    else:
        profile = [(r, 0.0), (r, h - c), (r - c, h), (0.75 * r, h), (0.70 * r, h - 0.0005)]
        pieces = [upright(r, 0.0, h)]
    return solid(
        revolve(profile),
        pieces,
        material,
        {"diameter": 2 * max(r, head), "height": h, "travel": 0.005},
        {"top": seven((0.0, 0.0, h), turn("x", np.pi))},
        turns=0,
        norm="IEC 60947-5-1",
    )


LAMPS: tuple[tuple[RGB, RGB], ...] = (  # dark and lit, from the bottom: green, yellow, red
    ((0.05, 0.26, 0.12), (0.25, 0.98, 0.45)),
    ((0.42, 0.30, 0.04), (0.99, 0.86, 0.20)),
    ((0.35, 0.05, 0.04), (0.99, 0.20, 0.14)),
)


def signal_lamp(
    *,
    height_mm: float = 330.0,
    diameter_mm: float = 60.0,
    lit: int = 1,
    material: str = "painted",
) -> Part:
    """A stack light (colours of IEC 60204-1): foot, pole, green, yellow and red from below.

    lit: 1 green, 2 yellow, 3 red, 0 none. frames: "lamp_0" to "lamp_2".
    """
    require(0 <= lit <= 3, f"signal_lamp: lit={lit} must be 0 (none) to 3 (red)")
    require(
        height_mm > 3.6 * diameter_mm and diameter_mm >= 20.0,
        "signal_lamp: height_mm must be over 3.6 diameter_mm, which is 20 or more",
    )
    h, r = height_mm * MM, diameter_mm * MM / 2
    lamp = 1.6 * r
    start = h - 3 * lamp - 0.5 * r
    pole = [(1.1 * r, 0.0), (1.1 * r, 0.006), (0.42 * r, 0.012), (0.42 * r, start - 0.4 * r)]
    pole += [(0.92 * r, start - 0.25 * r), (0.92 * r, start)]
    cap = [(0.96 * r, h - 0.52 * r), (0.96 * r, h - 0.2 * r), (0.6 * r, h)]
    layers: list[Layer] = [(revolve(pole), None), (revolve(cap), DARK)]
    frames = {}
    for k, colours in enumerate(LAMPS):
        z = start + k * lamp
        ring = [(0.92 * r, z), (0.92 * r, z + 0.08 * lamp), (r, z + 0.1 * lamp)]
        ring += [(r, z + 0.94 * lamp), (0.92 * r, z + lamp)]
        layers.append((revolve(ring), colours[1 if lit == k + 1 else 0]))
        frames[f"lamp_{k}"] = _level(0.0, 0.0, z + lamp / 2)
    mesh, inks = inked(*layers)
    return solid(
        mesh,
        [upright(1.1 * r, 0.0, 0.012), upright(r, start, h), upright(0.42 * r, 0.012, start)],
        material,
        {"diameter": 2 * r, "height": h},
        frames,
        turns=0,
        norm="IEC 60204-1",
        inks=inks,
    )
