"""Poses have the algebra of rigid motions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.pose import Pose, in_step, matrix_to_quat, matrix_to_rotvec, rotvec_to_matrix

coordinates = st.tuples(*[st.floats(-3.0, 3.0)] * 3)
directions = coordinates.filter(lambda v: np.linalg.norm(v) > 1e-3)


@st.composite
def poses(draw: st.DrawFn) -> Pose:
    angle = draw(st.one_of(st.floats(-np.pi, np.pi), st.just(np.pi), st.floats(0.0, 1e-9)))
    return Pose.turned(draw(coordinates), draw(directions), angle)


def same(one: Pose, other: Pose) -> None:
    """q and -q are one turn."""
    assert one.matrix() == pytest.approx(other.matrix(), abs=1e-9)


@given(poses(), poses(), poses())
def test_composition_is_that_of_matrices(a: Pose, b: Pose, c: Pose) -> None:
    assert (a @ b).matrix() == pytest.approx(a.matrix() @ b.matrix(), abs=1e-9)
    same((a @ b) @ c, a @ (b @ c))
    same(a @ Pose(), a)
    same(Pose() @ a, a)


@given(poses(), poses())
def test_an_inverse_undoes(a: Pose, b: Pose) -> None:
    same(a @ a.inverse(), Pose())
    same(a.inverse().inverse(), a)
    same((a @ b).inverse(), b.inverse() @ a.inverse())


@given(poses(), poses(), st.lists(coordinates, min_size=2, max_size=4))
def test_points_keep_their_distances_and_go_the_same_way_in_two_steps(
    a: Pose, b: Pose, points: list[tuple[float, float, float]]
) -> None:
    assert (a @ b).apply(points) == pytest.approx(a.apply(b.apply(points)), abs=1e-9)
    moved = a.apply(points)
    between = np.linalg.norm(np.subtract(points[0], points[1]))
    assert np.linalg.norm(moved[0] - moved[1]) == pytest.approx(between, abs=1e-9)
    for one, point in zip(moved, points, strict=True):
        assert a.apply(point) == pytest.approx(one, abs=1e-12)
    assert a.apply((0.0, 0.0, 0.0)) == pytest.approx(a.position, abs=1e-12)


@given(poses())
def test_a_pose_comes_back_from_its_array_and_its_matrix(a: Pose) -> None:
    assert Pose.from_array(a.array()) == a
    same(Pose.from_matrix(a.matrix()), a)
    assert np.linalg.norm(a.quaternion) == pytest.approx(1.0, abs=1e-12)
    assert a.rotation @ a.rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(a.rotation) == pytest.approx(1.0, abs=1e-12)


@given(directions, st.floats(0.0, np.pi))
def test_a_turn_has_one_rotation_vector_and_one_quaternion(
    axis: tuple[float, float, float], angle: float
) -> None:
    vector = angle * np.asarray(axis) / np.linalg.norm(axis)
    matrix = rotvec_to_matrix(vector)
    # half a turn about an axis is half a turn about its opposite
    back = matrix_to_rotvec(matrix)
    assert rotvec_to_matrix(back) == pytest.approx(matrix, abs=1e-7)
    assert np.linalg.norm(back) == pytest.approx(angle, abs=1e-6)
    x, y, z, w = matrix_to_quat(matrix)
    assert w >= 0.0
    assert w == pytest.approx(np.cos(angle / 2), abs=1e-7)
    assert np.linalg.norm((x, y, z)) == pytest.approx(np.sin(angle / 2), abs=1e-7)


@given(poses(), coordinates)
def test_a_shift_is_along_the_outer_axes(a: Pose, by: tuple[float, float, float]) -> None:
    same(a.shifted(*by), Pose(by) @ a)


@given(poses(), poses(), st.booleans())
def test_the_nearer_sign_is_taken(a: Pose, b: Pose, flipped: bool) -> None:
    sign = -1.0 if flipped else 1.0
    given_ = np.concatenate([a.position, sign * np.array(a.quaternion)])
    taken = in_step(given_, b.array())
    assert np.array_equal(taken[:3], given_[:3])
    assert taken[3:] @ np.array(b.quaternion) >= 0.0
    same(Pose.from_array(taken), a)
    first = in_step(given_, None)
    assert first[3:][np.abs(first[3:]).argmax()] > 0.0
