"""Expressions that point at exactly one thing of a cell, and what they fit.

Left, right, near and far are as the first robot sees them: it looks along its base's x axis.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assets import catalogue
from assets.materials import COLOURS
from episodes.array_types import Floats
from episodes.errors import UserError
from generators.language import lexicon
from sim.spec import Body, Cell

SEPARATE = 0.03  # [m] by which the leftmost thing must be more to the left than the next
CLEARLY_LARGER = 1.15  # ratio of mean size that the eye tells apart
NEXT, NOT_NEXT = 0.13, 0.18  # [m] from centre to centre: next to it; certainly not next to it


@dataclass(frozen=True)
class Expression:
    """A description. noun, material and colour are words of the lexicon; size as it is spoken,
    such as "M12" or "16 mm"; relation a key of `lexicon.RELATIONS`, to `anchor` where it has one.
    """

    noun: str
    size: str = ""
    colour: str = ""
    material: str = ""
    relation: str = ""
    anchor: Expression | None = None


def spoken_sizes(body: Body) -> list[str]:
    """How a body's catalogue size is said, short first: "M12", "M12x60"; "16 mm", "16 x 60 mm"."""
    size = body.words.get("size", "")
    first, *rest = size.split("x")
    if re.fullmatch(r"M\d+", first):
        return [first, size] if rest else [first]
    if re.fullmatch(r"\d+(\.\d+)?(x\d+(\.\d+)?)*", size):
        return [f"{first} mm"] + ([" x ".join([first, *rest]) + " mm"] if rest else [])
    return [size] if size else []


def colours(body: Body) -> tuple[str, ...]:
    """What colours a body may be called. What says neither its colour nor its material a look may
    paint as it likes: any."""
    said, material = body.words.get("colour"), body.words.get("material")
    if said:
        return (said,)
    return tuple(COLOURS) if material is None else lexicon.BARE_COLOURS.get(material, ())


def materials(body: Body) -> tuple[str, ...]:
    """What materials a body may be said to be of, general first; any, if it does not say."""
    name = body.words.get("material")
    if name is None:
        return tuple(word for words in lexicon.FINISH_WORDS.values() for word in words)
    return lexicon.FINISH_WORDS.get(name, (name,))


def fits(cell: Cell, expression: Expression) -> list[str]:
    """The bodies of the cell that someone could take the expression to mean."""
    e = expression
    plain = [
        body
        for body in cell.bodies
        if body.role != "room"
        and e.noun in lexicon.nouns_of(body.kind)
        and (not e.size or e.size in spoken_sizes(body))
        and (not e.colour or e.colour in colours(body))
        and (not e.material or e.material in materials(body))
    ]
    return [body.name for body in _related(cell, plain, e)]


def _related(cell: Cell, plain: list[Body], e: Expression) -> list[Body]:
    if not e.relation or not plain:
        return plain
    if e.relation in ("largest", "smallest"):
        sizes = np.array([_mean_size(body) for body in plain])
        ratio = sizes.max() / sizes if e.relation == "largest" else sizes / sizes.min()
        return [b for b, r in zip(plain, ratio, strict=True) if r < CLEARLY_LARGER]
    if e.relation in ("in", "next to"):
        anchors = fits(cell, e.anchor) if e.anchor else []
        return [
            body
            for body in plain
            if any(_holds(cell, e.relation, body, cell.body(a), NOT_NEXT) for a in anchors)
        ]
    ahead, left = _seen_by_robot(cell, plain)
    key = {"leftmost": left, "rightmost": -left, "nearest": -ahead, "farthest": ahead}[e.relation]
    return [b for b, k in zip(plain, key, strict=True) if k > key.max() - SEPARATE]


def _seen_by_robot(cell: Cell, bodies: Sequence[Body]) -> tuple[Floats, Floats]:
    """How far ahead and to the left of the robot bodies are [m]."""
    points = np.array([b.pose.position for b in bodies])
    seen = cell.robots[0].base.inverse().apply(points) if cell.robots else points
    return seen[:, 0], seen[:, 1]


def _mean_size(body: Body) -> float:
    return float(np.cbrt(np.prod(catalogue.build(body.kind, body.params).extents)))


def _holds(cell: Cell, relation: str, body: Body, anchor: Body, reach: float) -> bool:
    if body.name == anchor.name:
        return False
    if relation == "next to":
        gap = np.subtract(body.pose.position, anchor.pose.position)
        return bool(np.linalg.norm(gap[:2]) < reach)
    part = catalogue.build(anchor.kind, anchor.params)
    x, y, z = anchor.pose.inverse().apply(body.pose.position)
    half = part.extents / 2
    return bool(abs(x) < half[0] and abs(y) < half[1] and -0.01 < z < part.height + 0.15)


def expressions(cell: Cell, name: str, limit: int = 3) -> list[Expression]:
    """Up to `limit` descriptions that fit this body and no other, the shortest first.

    Positions are not used in a cell that is still to settle, since the parts will move.
    Raises UserError if words cannot tell the body from another.
    """
    body = cell.body(name)
    found: list[Expression] = []
    extra: list[Expression] = []
    for expression in _candidates(cell, body):
        if len(found) == limit:
            break
        if fits(cell, expression) != [name]:
            continue
        alone = replace(expression, relation="", anchor=None)
        if expression.relation and fits(cell, alone) == [name]:
            continue  # nobody says "the largest nut" of the only one
        (extra if any(_extends(expression, f) for f in found) else found).append(expression)
    if not found:
        rivals = [n for n in fits(cell, Expression(lexicon.nouns_of(body.kind)[0])) if n != name]
        raise UserError(
            f"cannot tell {name!r} from {', '.join(rivals)} in words: give them other sizes, "
            "finishes or colours (scene.parts, scene.finishes, scene.colours)"
        )
    return (found + extra)[:limit]


def _candidates(cell: Cell, body: Body) -> Iterator[Expression]:
    """Descriptions that are true of a body, the shortest and most usual first."""
    noun_choices = lexicon.nouns_of(body.kind)
    size_choices = ["", *spoken_sizes(body)]
    colour_choices = ["", body.words["colour"]] if body.words.get("colour") else [""]
    material_choices = ["", *(materials(body) if "material" in body.words else ())]
    relation_choices: list[tuple[str, Expression | None]] = [("", None), *_relations(cell, body)]
    ranked = []
    for (n, noun), (s, size), (c, colour), (m, material), (
        r,
        (relation, anchor),
    ) in itertools.product(
        enumerate(noun_choices),
        enumerate(size_choices),
        enumerate(colour_choices),
        enumerate(material_choices),
        enumerate(relation_choices),
    ):
        cost = n + 2.0 * (s > 0) + 0.7 * (s > 1) + 1.9 * (c > 0) + 2.2 * (m > 0) + 0.5 * (m > 1)
        cost += 4.0 * (r > 0) + 0.1 * r
        ranked.append((cost, Expression(noun, size, colour, material, relation, anchor)))
    ranked.sort(key=lambda pair: pair[0])
    return (expression for _, expression in ranked)


def _relations(cell: Cell, body: Body) -> Iterable[tuple[str, Expression | None]]:
    """The relations that clearly hold for a body; anchors are described without relations."""
    at_rest = cell.physics.settle_s == 0.0
    if at_rest and cell.robots:
        yield from ((r, None) for r in ("leftmost", "rightmost", "nearest", "farthest"))
    yield from ((r, None) for r in ("largest", "smallest"))
    for other in cell.bodies:
        holds = catalogue.holds(other.kind)
        relation = "in" if holds else "next to"
        if other.role == "room" or not (holds or (at_rest and other.role in ("part", "fixture"))):
            continue
        if _holds(cell, relation, body, other, NEXT):
            plain = _plainest(cell, other)
            if plain is not None:
                yield relation, plain


def _plainest(cell: Cell, body: Body) -> Expression | None:
    """The shortest description of a body that needs no relation."""
    tints = ["", body.words["colour"]] if body.words.get("colour") else [""]
    for noun in lexicon.nouns_of(body.kind):
        for size, colour in itertools.product(["", *spoken_sizes(body)], tints):
            expression = Expression(noun, size, colour)
            if fits(cell, expression) == [body.name]:
                return expression
    return None


def _extends(longer: Expression, shorter: Expression) -> bool:
    """Whether `longer` only adds to what `shorter` says."""
    pairs = (
        (longer.size, shorter.size),
        (longer.colour, shorter.colour),
        (longer.material, shorter.material),
        (longer.relation, shorter.relation),
    )
    return all(not s or bool(w) for w, s in pairs)


def phrase(expression: Expression, lang: str, variant: int = 0) -> str:
    """The expression as a noun phrase, in English with its article."""
    return ("the " if lang == "en" else "") + _thing(expression, lang, variant)


def _thing(e: Expression, lang: str, variant: int) -> str:
    words = [e.size, *(lexicon.say(w, lang, variant) for w in (e.colour, e.material, e.noun) if w)]
    if lang == "ko":  # 빨간색 플라스틱 16 mm 핀
        words = [*words[1:-1], e.size, words[-1]]
    thing = " ".join(w for w in words if w)
    if not e.relation:
        return thing
    anchor = phrase(e.anchor, lang, 0) if e.anchor else ""
    return lexicon.RELATIONS[e.relation][lang].format(thing=thing, anchor=anchor)


def name_of(cell: Cell, body: str, lang: str, variant: int = 0) -> str:
    """The shortest phrase that fits this body of the cell and no other."""
    return phrase(expressions(cell, body, 1)[0], lang, variant)
