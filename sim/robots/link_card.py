"""Links that a card describes itself, for want of a URDF."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assets.part import Box, Cylinder
from assets.tools.shapes import ChamferedBox, Lathe, Plate, Shape, Triple
from sim.robots.fields import Fields
from sim.robots.pieces import piece

SOLIDS = tuple(solid.kind for solid in (ChamferedBox, Lathe, Plate))


@dataclass(frozen=True)
class Slide:
    """The prismatic joint that carries a link: from 0 to `upper` [m] along `axis`; effort [N]."""

    joint: str
    axis: Triple
    upper: float
    effort: float


@dataclass(frozen=True)
class LinkCard:
    """mass [kg]; shapes are to be seen, pieces to be touched. parent: the link that carries it, at
    `at` [m], "" for the first; slide: None where it is fixed to its parent."""

    name: str
    mass: float
    shapes: tuple[Shape, ...]
    pieces: tuple[Box | Cylinder, ...]
    parent: str = ""
    at: Triple = (0.0, 0.0, 0.0)
    slide: Slide | None = None


def body(card: Fields, name: str) -> LinkCard:
    """A link that hangs on nothing: the first, a camera, a stand."""
    shapes = card.many("shapes", _shape)
    if not shapes:
        card.refuse("shapes", "give at least one shape: a link must be seen, and have a size")
    pieces = card.many("collide", piece)
    return LinkCard(name, card.number("mass", above=0.0), shapes, pieces)


def link(links: Fields, name: str) -> LinkCard:
    """One of the links of a tool, with what carries it."""
    return links.one(name, lambda card: _carried(card, body(card, name)))


def _carried(card: Fields, alone: LinkCard) -> LinkCard:
    if "parent" not in card:
        return alone
    slide = card.one("slide", _slide) if "slide" in card else None
    return replace(alone, parent=card.text("parent"), at=card.triple("at"), slide=slide)


def _slide(card: Fields) -> Slide:
    axis = card.triple("axis")
    if not any(axis):
        card.refuse("axis", "give a direction, not 0 0 0")
    effort = card.number("effort", above=0.0)
    return Slide(card.text("joint"), axis, card.number("upper", above=0.0), effort)


def _shape(card: Fields) -> Shape:
    found = [kind for kind in SOLIDS if kind in card]
    if len(found) != 1:
        card.refuse("", f"a shape is one of {', '.join(SOLIDS)}, not {', '.join(found) or 'none'}")
    nothing = (0.0, 0.0, 0.0)
    return Shape(
        _solid(card, found[0]), card.triple("colour"), card.triple("at", nothing),
        card.triple("rpy", nothing),
    )  # fmt: skip


def _solid(card: Fields, kind: str) -> ChamferedBox | Lathe | Plate:
    match kind:
        case "box":
            half, chamfer = card.triple("box"), card.number("chamfer", 0.0, least=0.0)
            if min(half) <= chamfer:
                card.refuse("box", "give half extents above 0, and above the chamfer")
            return ChamferedBox(half, chamfer)
        case "lathe":
            return Lathe(card.points("lathe", 3))
        case _:
            return Plate(card.points("plate", 3), card.number("thick", above=0.0))
