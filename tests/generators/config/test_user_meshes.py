"""Meshes of the user's own: measured, refused with a reason, carried whole in what they make."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import trimesh

from assets import catalogue
from assets.frames import to_matrix
from assets.geometry.shapes import prism
from assets.kinds import import_mesh, meshes
from assets.part import Hull, PartError
from episodes.errors import UserError
from generators.command.cli import dispatch
from generators.command.hydra_app import composed
from generators.production.recipes import generation
from scenes.goals import PlaceGoal
from sim import cache
from sim.bullet.world import World
from tests.part_geometry import held_span

ANGLE = np.array([[0, 0], [50, 0], [50, 5], [5, 5], [5, 40], [0, 40]], float)  # mm


@pytest.fixture(scope="module")
def angle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An angle bracket of 30 mm width, in millimetres and at an odd angle."""
    mesh = prism(ANGLE, 0.0, 30.0)
    mesh.apply_transform(trimesh.transformations.euler_matrix(0.7, 0.3, 1.1))
    path = tmp_path_factory.mktemp("own") / "angle.stl"
    mesh.export(path)
    return path


@pytest.fixture(scope="module")
def made(angle: Path) -> import_mesh.Prepared:
    return import_mesh.prepared(angle, lambda _, make, read: read(make()), density=2700.0)


def test_a_file_becomes_the_part_that_it_shows(made: import_mesh.Prepared) -> None:
    part = catalogue.build("mesh", made.params)
    assert sorted(1000 * part.extents) == pytest.approx([30.0, 40.0, 50.0], abs=0.01)
    assert part.mass == pytest.approx(2700 * 425e-6 * 0.03, rel=1e-3)
    assert part.mesh.is_watertight
    assert abs(part.mesh.bounds[0, 2]) < 1e-6
    assert np.abs(part.mesh.bounds[:, :2].mean(axis=0)).max() < 1e-6
    volume = 0.0
    for piece in part.pieces:
        assert isinstance(piece, Hull)
        volume += trimesh.convex.convex_hull(np.array(piece.points)).volume
    assert 1 < len(part.pieces) < 6  # its hull alone would fill the corner
    assert volume == pytest.approx(part.volume, rel=0.1)
    assert "millimetres" in made.notes[0]


def test_its_grasps_hold_it_and_its_rests_carry_it(made: import_mesh.Prepared) -> None:
    part = catalogue.build("mesh", made.params)
    down = [g for g in part.grasps if to_matrix(g.at)[2, 2] < -0.9]
    assert len(down) >= 4
    for grasp in down[:8]:
        low, high = held_span(part, grasp.at)
        assert high - low == pytest.approx(grasp.width, abs=0.0005)
        assert high + low == pytest.approx(0.0, abs=0.0005)
    for rest in part.rests:
        turned = to_matrix(rest)
        points = part.mesh.vertices @ turned[:3, :3].T + turned[:3, 3]
        assert abs(points[:, 2].min()) < 2e-6
        foot = points[points[:, 2] < 1e-4, :2]
        middle = (turned[:3, :3] @ part.centre_of_mass + turned[:3, 3])[:2]
        assert np.all(foot.min(axis=0) < middle)
        assert np.all(foot.max(axis=0) > middle)


def test_the_same_file_gives_the_same_part_with_and_without_the_cache(
    angle: Path, made: import_mesh.Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    keep = partial(cache.kept, "parts")
    assert import_mesh.prepared(angle, keep, density=2700.0) == made
    [kept] = (tmp_path / "cellwright" / "parts").iterdir()
    whole = kept.read_bytes()
    for damaged in (whole, b"cut sho", whole[:-1], whole.replace(b"closed", b"opened")):
        kept.write_bytes(damaged)
        assert import_mesh.prepared(angle, keep, density=2700.0) == made
        assert kept.read_bytes() == whole


OBJ = "v 0 0 0\nv 40 0 0\nv 0 30 0\nv 0 0 20\n"
SHEET = "v 90 0 0\nv 90 9 0\nv 90 0 9\nv 95 9 9\nf 5 6 7\nf 6 8 7\n"
REFUSED = [
    ("gone.stl", None, "cannot be read"),
    ("note.txt", b"hello", "stl, obj, ply"),
    ("junk.stl", bytes(300), "no triangles"),
    ("index.obj", (OBJ + "f 1 2 9\n").encode(), "readable mesh"),
    ("nan.obj", b"v 0 0 0\nv nan 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 2 3 4\nf 1 3 4\n",
     "not numbers"),
    ("flat.obj", (OBJ + "f 1 2 3\nf 1 3 2\n").encode(), "no size for a part"),
    ("open.obj", (OBJ + SHEET + "f 1 3 2\nf 1 2 4\n").encode(), "not closed"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "says"), REFUSED)
def test_what_is_no_part_is_refused_in_one_line(
    name: str, content: bytes | None, says: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PartError, match=says) as caught:
        import_mesh.prepared(path, partial(cache.kept, "parts"))
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_a_small_hole_is_filled_and_a_wrong_scale_told(tmp_path: Path) -> None:
    box = trimesh.creation.box((40.0, 30.0, 20.0))
    box.faces = box.faces[1:]
    box.export(tmp_path / "hole.stl")
    mesh, notes = import_mesh.read(tmp_path / "hole.stl")
    assert mesh.is_watertight
    assert any("filled" in note for note in notes)
    with pytest.raises(PartError, match="scale"):
        import_mesh.read(tmp_path / "hole.stl", scale=1.0)


@pytest.mark.parametrize("data", ["", "x", "AAAA", "eJwrSS0uAQAEXQHB"])
def test_data_that_is_no_part_is_refused(data: str) -> None:
    if not data:
        assert catalogue.build("mesh").volume == pytest.approx(0.04**3, rel=0.01)
        return
    with pytest.raises(PartError, match="no packed part"):
        catalogue.build("mesh", {"data": data})


def test_packing_loses_nothing_over_a_micrometre(made: import_mesh.Prepared) -> None:
    text = str(made.params["data"])
    assert meshes.unpacked(text).text() == text
    assert len(text) < 20_000


def test_a_config_holds_the_part_and_not_its_place(
    angle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    other = tmp_path / "elsewhere.stl"
    other.write_bytes(angle.read_bytes())
    words = ["task=bench_place", "out=x", "renderer=none"]
    plans = [generation(composed("generate", [*words, f"part={p}"])) for p in (angle, other)]
    assert plans[0].spec_id == plans[1].spec_id
    assert plans[0].spec_id != generation(composed("generate", words)).spec_id
    assert str(angle) not in str(plans[0].library())

    from generators import tasks
    from generators.seeds import Streams

    recipe = plans[0].recipe
    cell = tasks.make(recipe).cell(Streams(0, 0).rng("cell"))
    body = cell.body(PlaceGoal.of(cell).part)
    assert body.kind == "mesh"
    assert (
        "custom part"
        in tasks.make(recipe).instruction(cell, np.random.default_rng(0)).texts["en"][0]
    )
    with World(cell) as world:  # from the cell alone
        before = world.pose(body.name).position[2]
        for _ in range(10):
            world.step(np.array([*cell.robots[0].joints, 0.0]))
        assert abs(world.pose(body.name).position[2] - before) < 0.001


def test_a_part_of_the_user_is_what_is_taken_from_the_bin(
    angle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    from generators import run

    config = composed("generate", ["task=bin_pick", "out=x", f"part={angle}", "renderer=none"])
    episode = run.make_episode(config, 0, 0)
    assert episode.success, episode.failure
    assert "custom part" in episode.instruction


def test_a_task_that_handles_no_part_of_the_user_says_so(angle: Path) -> None:
    with pytest.raises(UserError, match=r"those that do: bench_place, bin_pick$"):
        composed("generate", ["task=peg_round", "out=x", f"part={angle}"])


def test_the_command_tells_what_can_hold_it(
    angle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert dispatch(["part", f"src={angle}", "density=7850"]) == 0
    said = capsys.readouterr().out
    assert "50.0 x 30.0 x 40.0 mm" in said
    assert "100.1 g" in said
    assert "usable, with jaws" in said
    ball = tmp_path / "ball.stl"
    trimesh.creation.icosphere(subdivisions=3, radius=60.0).export(ball)
    assert dispatch(["part", f"src={ball}"]) == 1
    assert "not usable" in capsys.readouterr().out
    assert dispatch(["part", f"src={tmp_path / 'gone.stl'}"]) == 2
