"""Colours bear the names that people give them."""

from __future__ import annotations

import numpy as np
import pytest

from assets import materials
from assets.colour_terms import decoded, lab, term, terms

WEB = {  # CSS Color Module Level 4, 8 bit sRGB; its red and blue are no colours of a surface
    "orange": (255, 165, 0), "yellow": (255, 255, 0), "green": (0, 128, 0),
    "purple": (128, 0, 128), "white": (255, 255, 255), "grey": (128, 128, 128),
    "black": (0, 0, 0), "pink": (255, 192, 203), "brown": (139, 69, 19),
}  # fmt: skip
RAL = {  # RAL Classic, 8 bit sRGB as the colour chart gives it: paints of machines and bins
    "RAL 3020 traffic red": ((193, 18, 28), "red"),
    "RAL 2004 pure orange": ((231, 91, 18), "orange"),
    "RAL 1023 traffic yellow": ((247, 181, 0), "yellow"),
    "RAL 6018 yellow green": ((97, 153, 59), "green"),
    "RAL 6011 reseda green": ((104, 130, 92), "green"),
    "RAL 5005 signal blue": ((0, 83, 135), "blue"),
    "RAL 5012 light blue": ((0, 137, 182), "blue"),
    "RAL 4006 traffic purple": ((144, 51, 115), "purple"),
    "RAL 7040 window grey": ((152, 158, 161), "grey"),
    "RAL 9005 jet black": ((14, 14, 16), "black"),
    "RAL 9016 traffic white": ((241, 240, 234), "white"),
    "RAL 8011 nut brown": ((90, 58, 41), "brown"),
    "RAL 3015 light pink": ((216, 160, 166), "pink"),
}


@pytest.mark.parametrize(("name", "rgb"), WEB.items())
def test_the_colours_of_the_web_are_called_so(name: str, rgb: tuple[int, ...]) -> None:
    assert term(decoded(np.array(rgb) / 255)) == name


@pytest.mark.parametrize(("rgb", "name"), RAL.values(), ids=list(RAL))
def test_paints_are_called_as_painters_call_them(rgb: tuple[int, ...], name: str) -> None:
    assert term(decoded(np.array(rgb) / 255)) == name


@pytest.mark.parametrize(("name", "rgb"), materials.COLOURS.items())
def test_our_colours_are_what_we_call_them(name: str, rgb: tuple[float, ...]) -> None:
    assert term(decoded(rgb)) == name


def test_white_and_a_red_have_their_lab_values() -> None:
    np.testing.assert_allclose(lab((1.0, 1.0, 1.0)), (100, 0, 0), atol=0.01)
    np.testing.assert_allclose(lab((1.0, 0.0, 0.0)), (53.24, 80.09, 67.20), atol=0.05)  # sRGB red
    np.testing.assert_allclose(lab((0.18, 0.18, 0.18)), (49.5, 0, 0), atol=0.05)  # a grey card


def test_there_is_doubt_near_a_boundary_only() -> None:
    assert terms(decoded((0.07, 0.23, 0.60))) == {"blue"}
    assert terms(decoded((0.10, 0.45, 0.50))) >= {"blue"}
    assert terms(decoded((0.75, 0.60, 0.10))) >= {"yellow"}
    amber = terms(decoded((0.90, 0.62, 0.10)))
    assert amber == {"orange", "yellow"}


def test_a_tint_is_no_colour() -> None:
    warm = decoded((0.52, 0.50, 0.48))
    assert terms(warm) == {"grey"}
