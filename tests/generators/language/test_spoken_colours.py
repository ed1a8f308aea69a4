"""What an instruction calls red is red in the picture: in every look and every task."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from assets import materials
from assets.colour_terms import NEUTRAL
from generators import rendering, tasks
from generators.command import hydra_app
from generators.language import lexicon
from generators.language.spoken_colours import misnamed, words_in
from generators.seeds import Streams
from scenes import look
from scenes.cameras import look_at
from sim import state_layout
from sim.pose import Pose
from sim.render import gl
from sim.render.base import Frame
from sim.spec import Body, Camera, Cell, Light, Material
from sim.station import Station

RED, BLUE = materials.COLOURS["red"], materials.COLOURS["blue"]
SAYS_RED = {"en": ("Take the red block.",), "ko": ("빨간색 블록을 집으세요.",)}


def cell_with(word: str, rgb: tuple[float, float, float] = RED, exposure: float = 0.0) -> Cell:
    block = Body("it", "block", {}, Pose(), Material("painted", rgb), words={"colour": word})
    camera = Camera("front", look_at((0.6, 0.0, 0.4), (0.0, 0.0, 0.0)), 64, 64, exposure=exposure)
    lights = (Light("lamp", "sun", (0.35, 0.25, 0.9)), Light("hall", "sky"))
    return Cell(bodies=(block,), cameras=(camera,), lights=lights)


def picture(cell: Cell, rgb: tuple[float, float, float], pixels: int = 400) -> dict[str, Frame]:
    """Of the block in this sRGB colour, on grey."""
    seen = np.full((32, 32, 3), 120, np.uint8)
    ids = np.zeros((32, 32), np.uint16)
    ids.ravel()[:pixels] = state_layout.segments(cell)["it"]
    seen[ids > 0] = np.rint(255 * np.asarray(rgb))
    return {"front": Frame(seen, np.zeros((32, 32), np.uint16), ids)}


@pytest.mark.parametrize(("word", "rgb"), materials.COLOURS.items())
def test_each_word_fits_its_own_colour_alone(word: str, rgb: tuple[float, float, float]) -> None:
    for said in materials.COLOURS:
        cell = cell_with(said)
        found = misnamed(cell, {"en": (f"Take the {said} block.",)}, picture(cell, rgb))
        if said == word:
            assert not found
        elif not {said, word} <= NEUTRAL or {said, word} == NEUTRAL - {"grey"}:
            assert [(m.word, m.body, m.camera) for m in found] == [(said, "it", "front")], word


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_colour_is_heard_in_either_language(lang: str) -> None:
    cell = cell_with("red")
    (wrong,) = misnamed(cell, {lang: SAYS_RED[lang]}, picture(cell, BLUE))
    assert str(wrong) == "it is called red, and looks blue to camera front"
    assert not misnamed(cell, {lang: SAYS_RED[lang]}, picture(cell, RED))


def test_words_within_words_are_not_heard() -> None:
    assert words_in({"en": ("Take the black-oxide bolt, which is not bored.",)}) == set()
    assert words_in({"en": ("Yellow ones, and the RED one.",)}) == {"yellow", "red"}
    for word, forms in lexicon.KOREAN.items():
        if word in materials.COLOURS:
            assert all(words_in({"ko": (f"{form} 부품",)}) == {word} for form in forms)


def test_a_colour_that_nothing_has_is_told() -> None:
    cell = cell_with("blue", BLUE)
    (wrong,) = misnamed(cell, SAYS_RED, picture(cell, BLUE))
    assert str(wrong) == "the instruction says 'red', and nothing of the cell is called so"


def test_what_is_hardly_seen_is_not_judged() -> None:
    cell = cell_with("red")
    assert not misnamed(cell, SAYS_RED, picture(cell, BLUE, pixels=20))


def test_shade_and_exposure_are_taken_for_granted() -> None:
    yellow = materials.COLOURS["yellow"]
    says = {"en": ("Take the yellow block.",)}
    for ev, share in ((0.0, 0.5), (0.0, 1.0), (-1.0, 0.72)):  # of sRGB, which is a gamma of 2.2
        cell = cell_with("yellow", yellow, exposure=ev)
        dimmed = tuple(share * v for v in yellow)
        assert not misnamed(cell, says, picture(cell, dimmed)), (ev, share)  # not brown
    white = cell_with("white", exposure=-2.0)
    assert not misnamed(white, {"en": ("the white block",)}, picture(white, (0.45, 0.45, 0.45)))


needs_gl = pytest.mark.skipif(not gl.available()[0], reason=gl.available()[1])


# a minute each: three of those that speak most of colours here, all in `make slow`
QUICK = ("bin_pick", "conveyor_sort", "defect_sort")
EVERY = [pytest.param(t, marks=[] if t in QUICK else pytest.mark.slow) for t in tasks.names()]


@needs_gl
@pytest.mark.parametrize("task", EVERY)
def test_spoken_colours_are_seen_in_every_look(task: str) -> None:
    """The pixels of every body that the instruction calls by a colour."""
    cell, texts, state = sampled(task)
    for name in ("plain", "factory", "wild"):
        seen = look.redraw(cell, configured(task, name)["look"], Streams(5, 1).rng("look"))
        frames = next(iter(renderer().frames(seen, state, [c.name for c in seen.cameras])))
        assert not [f"{name}: {m}" for m in misnamed(seen, texts, frames)]


@needs_gl
def test_a_look_that_turned_hues_would_be_found() -> None:
    cell, texts, state = sampled("conveyor_sort")
    turned = cell.replace(bodies=tuple(_turned(b) for b in cell.bodies))
    frames = next(iter(renderer().frames(turned, state, [c.name for c in turned.cameras])))
    hued = {b.name for b in cell.bodies
            if b.name.startswith("bin_") and b.words["colour"] not in NEUTRAL}  # fmt: skip
    assert hued
    assert {m.body for m in misnamed(turned, texts, frames)} >= hued


def _turned(body: Body) -> Body:
    """With red for blue and so on, as a look with any hue would have it."""
    r, g, b = body.material.rgb
    return replace(body, material=replace(body.material, rgb=(b, r, g)))


@lru_cache
def renderer() -> rendering.Renderer:
    return rendering.open_renderer("raster")


@lru_cache
def configured(task: str, name: str) -> dict[str, object]:
    return hydra_app.composed(
        "generate", [f"task={task}", f"look={name}", "out=nowhere", "image_size=[128,96]"]
    )


@lru_cache
def sampled(task: str) -> tuple[Cell, dict[str, tuple[str, ...]], np.ndarray]:
    """A cell of the task whose texts speak of a colour, if one of a few does; its first state."""
    made = tasks.make(configured(task, "plain"))
    for index in range(4):
        streams = Streams(5, index)
        cell = made.cell(streams.rng("cell"))
        texts = dict(made.instruction(cell, streams.rng("words")).texts)
        if words_in(texts):
            break
    with closing(Station(cell)) as station:
        return cell, texts, station.world.state()[None]
