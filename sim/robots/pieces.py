"""Convex pieces as a card has them."""

from __future__ import annotations

from assets.part import Box, Cylinder
from sim.robots.fields import Fields


def box(card: Fields) -> Box:
    """A box of a card: `half` extents and `centre` [m], in the frame of its link."""
    half = card.triple("half")
    if min(half) <= 0.0:
        card.refuse("half", "give half extents above 0")
    return Box(half, (*card.triple("centre"), 0.0, 0.0, 0.0, 1.0))


def piece(card: Fields) -> Box | Cylinder:
    """A box, or an upright cylinder: its `radius`, `length` and `centre` [m]."""
    if "half" in card or "radius" not in card:
        return box(card)
    radius, length = card.number("radius", above=0.0), card.number("length", above=0.0)
    return Cylinder(radius, length, (*card.triple("centre"), 0.0, 0.0, 0.0, 1.0))
