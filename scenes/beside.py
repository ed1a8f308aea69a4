"""What is at hand beside a robot that tends a machine: a box of push buttons, a tray of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from scenes.draw import number, section
from scenes.workpieces import colour_of, finished, fixture, part_of
from sim.pose import Pose
from sim.spec import Body, Joint

BUTTONS = {"clamp": "blue", "unclamp": "yellow", "start": "green", "stop": "red"}


def panel(
    config: Mapping[str, Any], rng: np.random.Generator, height: float, side: float,
    wanted: tuple[str, ...],
) -> list[Body]:  # fmt: skip
    """A box with the wanted buttons and perhaps an emergency stop, on a bench of `height` [m]; the
    box comes first."""
    buttons, scene = section(config, "scene.buttons"), section(config, "scene")
    names = [*wanted, *(("stop",) if rng.random() < buttons["stop_share"] else ())]
    order = [names[int(i)] for i in rng.permutation(len(names))]
    size = {
        "buttons": len(order),
        "depth_mm": round(number(rng, buttons["height_mm"], "scene.buttons.height_mm"), 1),
        "pitch_mm": round(number(rng, buttons["pitch_mm"], "scene.buttons.pitch_mm"), 1),
    }
    turn = np.deg2rad(number(rng, buttons["turn_deg"], "scene.buttons.turn_deg"))
    at = beside(rng, scene["panel"], "scene.panel", side, height)
    pose = at @ Pose.turned((0, 0, 0), (0, 0, 1), turn)
    grey = tuple(rng.uniform(0.1, 0.8) * np.ones(3))
    box = fixture("panel", "button_box", size, pose, finished("painted", rng, grey))
    travel = round(number(rng, buttons["travel_mm"], "scene.buttons.travel_mm"), 2) / 1000
    spring = number(rng, buttons["spring_n"], "scene.buttons.spring_n")
    out = [box]
    for k, name in enumerate(order):
        head = {"mushroom_mm": 38.0} if name == "stop" else {}
        frame = Pose.from_array(part_of(box).frames[f"button_{k}"])
        cap = fixture(f"button_{name}", "push_button", head, pose @ frame,
                      finished("pom", rng, colour_of(BUTTONS[name])),
                      words={"colour": BUTTONS[name]})  # fmt: skip
        joint = Joint("slide", (0.0, 0.0, -1.0), 0.0, travel, "panel", force=spring,
                      springs_back=True)  # fmt: skip
        out.append(replace(cap, fixed=False, mass=part_of(cap).mass, joint=joint))
    return out


def pressed(panel: list[Body], button: str) -> float:
    """How far a button is in when its contact closes [m]."""
    joint = next(b.joint for b in panel if b.name == button)
    assert joint is not None
    return 0.7 * joint.upper


def tray(
    config: Mapping[str, Any], rng: np.random.Generator, height: float, side: float,
    work: Sequence[Body], places: int,
) -> tuple[Body, list[Pose]]:  # fmt: skip
    """A tray with places for work on the bench; slot_to_tray of each place, in mixed order."""
    tray = section(config, "scene.tray")
    spare = number(rng, tray["clearance_mm"], "scene.tray.clearance_mm")
    length, width = 1000 * np.max([part_of(b).extents[:2] for b in work], axis=0) + spare
    slot = (round(float(length), 1), round(float(width), 1))
    params = {
        "slots_mm": (slot,) * places,
        "columns": 2,
        "wall_height_mm": round(number(rng, tray["wall_height_mm"], "scene.tray.wall_height_mm")),
        "rib_mm": 34.0,  # room for a jaw between two places
    }
    at = beside(rng, tray, "scene.tray", side, height)
    pose = at @ Pose.turned((0, 0, 0), (0, 0, 1), rng.uniform(-0.3, 0.3))
    grey = tuple(rng.uniform(0.05, 0.85) * np.ones(3))
    body = fixture("tray", "tray", params, pose, finished("pom", rng, grey))
    part = part_of(body)
    slots = [Pose.from_array(part.frames[part.slots[int(i)]]) for i in rng.permutation(places)]
    return body, slots


def beside(
    rng: np.random.Generator, ranges: Mapping[str, Any], key: str, side: float, height: float
) -> Pose:
    """A pose on the bench at `distance_m` and `azimuth_deg` from straight ahead, x away from the
    robot."""
    away = number(rng, ranges["distance_m"], f"{key}.distance_m")
    angle = side * np.deg2rad(number(rng, ranges["azimuth_deg"], f"{key}.azimuth_deg"))
    at = (away * float(np.cos(angle)), away * float(np.sin(angle)), height)
    return Pose.turned(at, (0, 0, 1), angle)
