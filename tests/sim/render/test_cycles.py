"""The path tracer shows what the fast renderer shows."""

from __future__ import annotations

import os

import numpy as np
import pytest

from episodes.errors import UserError
from sim import render
from sim.render import cycles, gl
from tests.raster_cells import bench, states


def there() -> bool:
    try:
        cycles._blender_python()
    except UserError:
        return False
    return True


def test_without_blender_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cycles.PYTHON, "/nonexistent/python")
    with pytest.raises(UserError, match=r"renderer=cycles needs Blender's .*pip install 'bpy"):
        cycles._blender_python()


@pytest.mark.slow
@pytest.mark.skipif(not gl.available()[0], reason=gl.available()[1])
@pytest.mark.skipif(not there(), reason=f"no Python with bpy (${cycles.PYTHON} names one)")
def test_it_agrees_with_the_fast_renderer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cycles, "SAMPLES", 8)
    cell = bench(64)
    some = states(cell, 2)
    slow, fast = render.open_renderer("cycles"), render.open_renderer("raster")
    names = ["front", "wrist"]
    for traced, drawn in zip(
        slow.frames(cell, some, names), fast.frames(cell, some, names), strict=True
    ):
        for name in names:
            np.testing.assert_array_equal(traced[name].depth, drawn[name].depth)
            np.testing.assert_array_equal(traced[name].segmentation, drawn[name].segmentation)
            one, two = (f[name].rgb.astype(float) for f in (traced, drawn))
            assert np.abs(one - two).mean() < 25.0
            assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.85
    assert "s a frame, 4 frames" in capsys.readouterr().err
    slow.close()
    fast.close()
    assert not [n for n in os.listdir("/tmp") if n.startswith("cellwright-cycles-")]
