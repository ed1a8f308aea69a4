"""What holds and moves work: its members meet where their frames say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from assets import catalogue
from assets.frames import from_matrix, to_matrix
from assets.part import Box, Part, PartError
from tests.part_geometry import first_met, piece_bounds


def placed(part: Part, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P, 2, 3) [m] boxes around a part's box pieces, its frame at `at` (4, 4)."""
    out = []
    for piece in part.pieces:
        assert isinstance(piece, Box)
        m = at @ to_matrix(piece.at)
        reach = np.abs(m[:3, :3]) @ np.array(piece.half)
        out.append([m[:3, 3] - reach, m[:3, 3] + reach])
    return np.array(out)


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """[m] by how much two boxes (2, 3) run into each other; negative: their distance."""
    return float(np.min(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0])))


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_machines_door_shuts_its_opening_and_clears_it(side: str) -> None:
    body = catalogue.build("machine_body", {"door_on": side})
    door = catalogue.build("machine_door")
    middle = np.array(body.frames["opening"][:3])
    half = np.array([body.dims["opening"] / 2, 0.001, body.dims["opening_height"] / 2])
    opening = np.array([middle - half, middle + half])
    assert all(overlap(piece_bounds(p), opening) < 1e-9 for p in body.pieces)
    shut, open_ = (
        placed(replace(door, pieces=door.pieces[:1]), to_matrix(body.frames[f]))[0]
        for f in ("door", "door_open")
    )
    assert np.all(shut[0, [0, 2]] <= opening[0, [0, 2]])
    assert np.all(shut[1, [0, 2]] >= opening[1, [0, 2]])
    assert max(open_[0, 0] - opening[1, 0], opening[0, 0] - open_[1, 0]) > -1e-9
    moved = body.frames["door_open"][0] - body.frames["door"][0]
    assert moved == pytest.approx(body.dims["open_sign"] * body.dims["travel"])
    assert (moved < 0) == (side == "right")  # the robot looks along -y
    for at in (shut, open_):
        assert all(overlap(piece_bounds(p), at) < 0.0 for p in body.pieces)


def test_a_vise_opens_as_far_as_it_says() -> None:
    base, jaw = catalogue.build("vise_base", {"opening_mm": 70}), catalogue.build("vise_jaw")
    at = to_matrix(base.frames["jaw"])
    face = at @ to_matrix(jaw.frames["face"])
    assert face[1, 3] - base.frames["fixed_jaw"][1] == pytest.approx(0.07)
    assert base.frames["bed"][1] - base.frames["fixed_jaw"][1] == pytest.approx(0.035)
    [box] = placed(jaw, at)
    assert all(overlap(piece_bounds(p), box) < 1e-9 for p in base.pieces)


def test_chuck_jaws_meet_the_work_at_the_radius_asked_for() -> None:
    chuck, jaw = catalogue.build("chuck_body"), catalogue.build("chuck_jaw")
    radius = 0.02
    for k in range(3):
        out = np.eye(4)
        out[0, 3] = radius + jaw.dims["length"] / 2
        to_chuck = to_matrix(chuck.frames[f"jaw_{k}"]) @ out
        corners = jaw.mesh.vertices @ to_chuck[:3, :3].T + to_chuck[:3, 3]
        outwards = to_matrix(chuck.frames[f"jaw_{k}"])[:3, 0]
        assert (corners @ outwards).min() == pytest.approx(radius)
        assert corners[:, 2].min() == pytest.approx(chuck.height, abs=1e-9)


def test_a_cartons_flaps_close_it_and_stand_clear_when_open() -> None:
    box = catalogue.build("shipping_carton", {"size": "240x180x120"})
    board = 1000 * box.dims["board"]

    def flap(k: int, angle: float) -> NDArray[np.float64]:
        made = catalogue.build(
            "carton_flap",
            {"length_mm": 1000 * box.dims[f"flap_{k}_length"], "board_mm": board,
             "depth_mm": 1000 * box.dims["flap_depth"]},
        )  # fmt: skip
        swing = np.eye(4)
        c, s = np.cos(angle), np.sin(angle)
        swing[1:3, 1:3] = [[c, -s], [s, c]]
        return placed(made, to_matrix(box.frames[f"flap_{k}"]) @ swing)[0]

    shut = [flap(k, 0.0) for k in range(4)]
    x, y = box.dims["inner_length"] / 2, box.dims["inner_width"] / 2
    for px, py in [(0.4 * x, 0.9 * y), (-0.9 * x, 0.5 * y), (0.9 * x, -0.9 * y), (0.0, -0.1 * y)]:
        assert any(np.all(b[0, :2] <= [px, py]) and np.all(b[1, :2] >= [px, py]) for b in shut)
    for i in range(4):
        assert all(overlap(shut[i], shut[j]) < 1e-9 for j in range(i))
        assert all(overlap(shut[i], piece_bounds(p)) < 1e-9 for p in box.pieces)
        upright = flap(i, np.pi / 2)
        inside = np.array([[-x + 1e-6, -y + 1e-6, 0.0], [x - 1e-6, y - 1e-6, 1.0]])
        assert overlap(upright, inside) < box.dims["board"] + 1e-9  # at most the wall's thickness


def test_a_belt_runs_between_the_rails_at_its_height() -> None:
    frame = catalogue.build("conveyor_frame", {"length_mm": 900, "height_mm": 700, "width_mm": 150})
    belt = catalogue.build("conveyor_belt", {"length_mm": 900, "width_mm": 150})
    at = to_matrix(frame.frames["belt"])
    assert at[2, 3] + belt.frames["top"][2] == pytest.approx(0.7)
    assert at[0, 3] + belt.frames["end"][0] == pytest.approx(frame.frames["end"][0])
    low, high = belt.mesh.bounds + at[:3, 3]
    assert all(overlap(piece_bounds(p), np.array([low, high])) < 0.0 for p in frame.pieces)


SEAMS = [
    ("line", ((30.0, 40.0), (160.0, 90.0))),
    ("circle", ((100.0, 70.0), (140.0, 70.0))),
    ("spline", ((30.0, 40.0), (70.0, 100.0), (120.0, 50.0), (170.0, 95.0))),
]


@pytest.mark.parametrize(("shape", "points"), SEAMS)
def test_the_frames_of_a_seam_follow_its_groove(shape: str, points: object) -> None:
    plate = catalogue.build("seam_plate", {"shape": shape, "points_mm": points})
    frames = [to_matrix(plate.frames[f"seam_{k}"]) for k in range(int(plate.dims["frames"]))]
    at = np.array([f[:3, 3] for f in frames])
    closed = plate.dims["closed"] == 1.0
    steps = np.diff(np.concatenate([at, at[:1]]) if closed else at, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    assert np.ptp(lengths) < 2e-4
    assert 0.003 < lengths.mean() < 0.005
    assert lengths.sum() == pytest.approx(plate.dims["seam"])
    for frame, step, length in zip(frames, steps, lengths, strict=False):
        assert frame[:3, 0] @ step / length > np.cos(np.radians(15.0))
    down = np.eye(4)
    down[1, 1] = down[2, 2] = -1.0
    for frame in frames[:: max(1, len(frames) // 8)]:
        half = plate.dims["groove"] / 2
        beside = np.array([[0.0, 0.0], [0.0, 0.7 * half], [0.0, 1.6 * half], [0.0, -1.6 * half]])
        met = first_met(plate, from_matrix(frame @ down), beside)
        assert met[:2] == pytest.approx([plate.dims["depth"]] * 2, abs=0.0003)
        assert met[2:] == pytest.approx([0.0, 0.0], abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "params", "says"),
    [
        ("machine_body", {"length_mm": 800}, "length_mm"),
        ("machine_body", {"door_on": "top"}, "door_on"),
        ("machine_door", {"frame_mm": 230}, "frame_mm"),
        ("conveyor_frame", {"height_mm": 60}, "height_mm"),
        ("chuck_body", {"jaws": 7}, "jaws"),
        ("seam_plate", {"shape": "square"}, "line, circle, spline"),
        ("seam_plate", {"points_mm": ((10.0, 10.0), (10.0, 190.0), (50.0, 50.0))}, "edges"),
        ("seam_plate", {"groove_mm": 40}, "groove_mm"),
        ("signal_lamp", {"lit": 4}, "lit"),
        ("button_box", {"buttons": 0}, "buttons"),
        ("shipping_carton", {"board_mm": 20}, "board_mm"),
    ],
)
def test_bad_dimensions_are_one_clear_line(kind: str, params: dict, says: str) -> None:
    with pytest.raises(PartError, match=says) as caught:
        catalogue.build(kind, params)
    assert "\n" not in str(caught.value)
