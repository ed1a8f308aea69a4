"""PyBullet's own renderer: what it keeps, and what it gives back."""

from contextlib import closing
from pathlib import Path

import pytest

from sim.bullet.tiny import TinyRenderer
from sim.bullet.world import World
from sim.pose import Pose
from sim.spec import Body, Camera
from tests.cells import BENCH, block, cell

ROUNDS = 12
GEAR = Body("gear", "spur_gear", {}, Pose((0.5, -0.1, 0.0)), mass=0.2)  # thousands of facets


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_memory_levels_off_from_cell_to_cell() -> None:
    """What is loaded to be seen is freed with its client (12 MB a cell were not)."""
    seen = cell(BENCH, block(), GEAR)
    for _ in range(3):
        World(seen, visuals=True).close()
    before = resident_mb()
    for _ in range(ROUNDS):
        World(seen, visuals=True).close()
    assert (resident_mb() - before) / ROUNDS < 0.8


def test_a_body_is_seen_in_its_colour_where_it_is() -> None:
    above = Pose((0.5, 0.1, 0.6), (1.0, 0.0, 0.0, 0.0))
    seen = cell(BENCH, block()).replace(cameras=(Camera("top", above, 32, 32, fov=0.1),))
    with World(seen) as world, closing(TinyRenderer()) as renderer:
        frame = next(iter(renderer.frames(seen, world.state()[None], ["top"])))["top"]
    ids = set(frame.segmentation[14:18, 14:18].ravel().tolist())
    assert len(ids) == 1  # of the block
    assert frame.rgb[16, 16].std() < 3  # it is grey
    top = frame.depth[16, 16] * 1e-4
    assert top == pytest.approx(0.6 - 0.03, abs=0.002)
