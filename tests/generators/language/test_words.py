"""Instructions: exactly one thing fits them, in both languages, and Korean particles agree."""

from __future__ import annotations

import re
import string
from typing import Any

import numpy as np
import pytest

from assets import catalogue, materials
from episodes.errors import UserError
from generators import tasks
from generators.command import hydra_app
from generators.language import korean, lexicon, naming, words
from generators.language.naming import Expression, expressions, fits, name_of
from generators.language.pockets import fits_pocket, pocket_of, pocket_phrase
from scenes.goals import ClassesGoal
from sim.pose import Pose
from sim.spec import Body, Cell, Physics, Robot

ROBOT = Robot("panda", "panda", Pose(), (0.0,) * 7)


def thing(name: str, kind: str, at: tuple[float, float], role: str = "part", **said: str) -> Body:
    params: dict[str, Any] = {k: said[k] for k in ("size", "material") if k in said}
    pose = Pose((at[0], at[1], 0.8))
    return Body(name, kind, params, pose, role=role, words={"part": kind, **said})


def cell_of(*bodies: Body, settle_s: float = 0.0, base: Pose | None = None) -> Cell:
    robot = Robot("panda", "panda", base or Pose(), (0.0,) * 7)
    return Cell((robot,), bodies, physics=Physics(settle_s=settle_s))


def random_cell(rng: np.random.Generator) -> Cell:
    """Up to nine parts of few kinds, sizes and colours, so that they resemble each other; a tray
    with pockets and a bin; no two parts that words make the same."""
    pose = Pose.turned((0.5, 0.25, 0.8), (0, 0, 1), rng.uniform(-np.pi, np.pi))
    slots = {"slots_mm": ((50.0, 40.0),) * int(rng.integers(1, 7)), "columns": 2}
    found = [
        Body("tray", "tray", slots, pose, role="fixture", words={"part": "tray"}),
        Body("bin", "bin", {}, Pose((0.5, -0.3, 0.8)), role="fixture", words={"part": "bin"}),
        Body("floor", "floor", {}, Pose(), role="room"),
    ]
    for i in range(int(rng.integers(2, 10))):
        kind = str(rng.choice(["hex_nut", "hex_bolt", "shaft", "stepped_shaft", "washer"]))
        said = {"size": str(rng.choice(catalogue.sizes(kind)[:3]))}
        said["material"] = str(rng.choice(["brushed_steel", "zinc_plated", "painted", "pom"]))
        if said["material"] in ("painted", "pom"):
            said["colour"] = str(rng.choice(["red", "grey", "white"]))
        x, y = rng.uniform((0.3, -0.4), (0.7, 0.1))
        new = thing(f"part_{i}", kind, (float(x), float(y)), **said)
        if all(new.words != old.words for old in found):
            found.append(new)
    return cell_of(*found, settle_s=float(rng.choice([0.0, 1.0])))


@pytest.mark.parametrize("seed", range(40))
def test_exactly_one_body_fits_every_description(seed: int) -> None:
    cell = random_cell(np.random.default_rng(seed))
    for body in cell.bodies:
        if body.role == "room":
            continue
        found = expressions(cell, body.name)
        assert 1 <= len(found) <= 3
        assert len(set(found)) == len(found)
        for expression in found:
            assert fits(cell, expression) == [body.name]


@pytest.mark.parametrize("seed", range(40))
def test_instructions_point_at_their_part_and_place(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cell = random_cell(rng)
    part = str(rng.choice([b.name for b in cell.bodies if b.role == "part"]))
    frames = [f for f in catalogue.build("tray", cell.body("tray").params).frames if "slot" in f]
    place = f"tray/{rng.choice(frames)}"
    made = words.instruction("bench_place", cell, {"part": part, "slot": place}, rng)
    for expression in made.said["part"]:
        assert isinstance(expression, Expression)
        assert fits(cell, expression) == [part]
    for pocket in made.said["slot"]:
        assert not isinstance(pocket, Expression)
        assert fits_pocket(cell, pocket) == [place]
    for lang in ("en", "ko"):
        assert len(made.texts[lang]) >= 6
        assert len(set(made.texts[lang])) == len(made.texts[lang])
        for text in made.texts[lang]:
            assert text.endswith(".")
            assert "  " not in text
            assert not re.search(r"[{}]", text)
    assert all(re.search("[가-힣]", text) for text in made.texts["ko"])
    assert not any(re.search("[가-힣]", text) for text in made.texts["en"])


def test_the_words_of_an_expression_are_in_its_phrase() -> None:
    cell = cell_of(
        thing("a", "hex_nut", (0.4, 0.0), size="M12", material="painted", colour="red"),
        thing("b", "hex_nut", (0.4, 0.0), size="M16", material="painted", colour="red"),
        thing("c", "hex_nut", (0.4, 0.0), size="M12", material="brass"),
    )
    e = Expression("nut", "M12", "red")
    assert fits(cell, e) == ["a"]
    assert naming.phrase(e, "en") == "the M12 red nut"
    assert naming.phrase(e, "ko") == "빨간색 M12 너트"
    assert fits(cell, Expression("nut", "M12")) == ["a", "c"]
    assert fits(cell, Expression("nut", "", "red")) == ["a", "b"]
    assert fits(cell, Expression("bolt")) == []


def test_no_more_is_said_than_needed() -> None:
    nut = thing("a", "hex_nut", (0.4, 0.0), size="M12", material="brass")
    assert name_of(cell_of(nut), "a", "en") == "the nut"
    assert name_of(cell_of(nut), "a", "ko") == "너트"
    bolt = thing("b", "hex_bolt", (0.4, 0.2), size="M12x35", material="brass")
    assert name_of(cell_of(nut, bolt), "a", "en") == "the nut"
    other = thing("c", "hex_nut", (0.4, 0.2), size="M20", material="brass")
    assert "M12" in name_of(cell_of(nut, other), "a", "en")


def test_a_listener_who_calls_steel_grey_is_not_misled() -> None:
    painted = thing("a", "block", (0.4, 0.0), material="painted", colour="grey")
    bare = thing("b", "block", (0.4, 0.2), material="brushed_steel")
    cell = cell_of(painted, bare)
    assert fits(cell, Expression("block", colour="grey")) == ["a", "b"]
    assert all(e.colour != "grey" or e.material for e in expressions(cell, "a"))
    plated = thing("c", "block", (0.4, -0.2), material="zinc_plated")
    assert fits(cell_of(bare, plated), Expression("block", material="steel")) == ["b", "c"]
    assert all(e.material != "steel" or e.relation for e in expressions(cell_of(bare, plated), "b"))


def test_what_does_not_say_its_colour_may_have_any() -> None:
    """The bar at a belt's end is a block, too, and a look paints it as it likes."""
    part = thing("a", "block", (0.4, 0.0), material="painted", colour="yellow", size="30x30x20")
    bar = Body("stop", "block", {}, Pose((0.4, 0.6, 0.8)), role="fixture", words={"part": "block"})
    cell = cell_of(part, bar)
    assert fits(cell, Expression("block", colour="yellow")) == ["a", "stop"]
    assert fits(cell, Expression("block", material="painted")) == ["a", "stop"]
    assert all(fits(cell, e) == ["a"] for e in expressions(cell, "a"))
    assert not any(e.colour and not e.size and not e.relation for e in expressions(cell, "a"))


def test_a_plain_shaft_is_told_from_a_stepped_one() -> None:
    cell = cell_of(
        thing("a", "shaft", (0.4, 0.0), material="brass"),
        thing("b", "stepped_shaft", (0.41, 0.0), material="brass"),
    )
    assert fits(cell, Expression("shaft")) == ["a", "b"]
    assert name_of(cell, "a", "en") == "the plain shaft"
    assert name_of(cell, "b", "ko") == "단차 축"


def test_the_whole_size_is_said_where_the_short_one_is_shared() -> None:
    cell = cell_of(
        thing("a", "hex_bolt", (0.40, 0.0), size="M12x35", material="brass"),
        thing("b", "hex_bolt", (0.41, 0.0), size="M12x60", material="brass"),
        settle_s=1.0,
    )
    assert "M12x35" in name_of(cell, "a", "en")
    pegs = cell_of(
        thing("a", "shaft", (0.4, 0.0), size="16x60", material="brass"),
        thing("b", "shaft", (0.4, 0.0), size="20x80", material="brass"),
        settle_s=1.0,
    )
    assert name_of(pegs, "a", "en") == "the 16 mm shaft"


def test_left_and_near_are_as_the_robot_sees_them() -> None:
    nuts = [
        thing("a", "hex_nut", (0.4, 0.2), material="brass"),
        thing("b", "hex_nut", (0.4, 0.0), material="brass"),
        thing("c", "hex_nut", (0.6, -0.2), material="brass"),
    ]
    cell = cell_of(*nuts)
    assert fits(cell, Expression("nut", relation="leftmost")) == ["a"]
    assert fits(cell, Expression("nut", relation="rightmost")) == ["c"]
    assert fits(cell, Expression("nut", relation="farthest")) == ["c"]
    assert fits(cell, Expression("nut", relation="nearest")) == ["a", "b"]  # as far as each other
    facing = cell_of(*nuts, base=Pose.turned((1.0, 0.0, 0.8), (0, 0, 1), np.pi))
    assert fits(facing, Expression("nut", relation="leftmost")) == ["c"]
    assert fits(facing, Expression("nut", relation="nearest")) == ["c"]


def test_places_are_not_used_before_parts_have_settled() -> None:
    twins = [
        thing("a", "hex_nut", (0.4, 0.2), size="M12", material="brass"),
        thing("b", "hex_nut", (0.4, -0.2), size="M20", material="brass"),
    ]
    loose = expressions(cell_of(*twins, settle_s=1.0), "a")
    assert all(e.relation in ("", "smallest") for e in loose)


def test_inside_a_bin_and_beside_something() -> None:
    cell = cell_of(
        thing("bin", "bin", (0.5, -0.3), role="fixture"),
        thing("in", "hex_nut", (0.55, -0.25), size="M12", material="brass"),
        thing("out", "hex_nut", (0.5, 0.2), size="M12", material="brass"),
        thing("plate", "hole_plate", (0.5, 0.3), role="fixture"),
    )
    inside = Expression("nut", relation="in", anchor=Expression("bin"))
    assert fits(cell, inside) == ["in"]
    assert naming.phrase(inside, "en") == "the nut in the bin"
    assert naming.phrase(inside, "ko") == "부품 상자 안에 있는 너트"
    beside = Expression("nut", relation="next to", anchor=Expression("plate"))
    assert fits(cell, beside) == ["out"]


def test_larger_and_smaller() -> None:
    cell = cell_of(
        thing("a", "block", (0.4, 0.0), size="30x30x20", material="brass"),
        thing("b", "block", (0.4, 0.0), size="80x50x30", material="brass"),
        thing("c", "block", (0.4, 0.0), size="90x60x40", material="brass"),
    )
    assert fits(cell, Expression("block", relation="smallest")) == ["a"]
    assert fits(cell, Expression("block", relation="largest")) == ["c"]


def test_what_words_cannot_tell_apart_is_an_error_that_says_so() -> None:
    twins = [thing(n, "hex_nut", (0.4, 0.0), size="M12", material="brass") for n in "ab"]
    with pytest.raises(UserError, match=r"cannot tell 'a' from b in words.*scene\.parts"):
        expressions(cell_of(*twins), "a")


@pytest.mark.parametrize("yaw", np.linspace(-np.pi, np.pi, 13))
@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 1), (4, 2), (6, 3), (5, 5)])
def test_every_pocket_has_a_name_of_its_own(yaw: float, count: int, columns: int) -> None:
    params = {"slots_mm": ((50.0, 30.0),) * count, "columns": columns}
    pose = Pose.turned((0.5, 0.1, 0.8), (0, 0, 1), yaw)
    tray = Body("tray", "tray", params, pose, role="fixture", words={"part": "tray"})
    cell = cell_of(tray)
    phrases: dict[str, set[str]] = {"en": set(), "ko": set()}
    for i in range(count):
        pocket = pocket_of(cell, f"tray/slot_{i}")
        assert fits_pocket(cell, pocket) == [f"tray/slot_{i}"]
        for lang in phrases:
            phrases[lang].add(pocket_phrase(pocket, lang))
    assert all(len(found) == count for found in phrases.values())


@pytest.mark.parametrize("yaw", [-0.5, 0.0, 0.5, np.pi / 2, np.pi - 0.3])
def test_left_pockets_are_on_the_left_and_far_ones_far(yaw: float) -> None:
    params = {"slots_mm": ((50.0, 50.0),) * 4, "columns": 2}
    pose = Pose.turned((0.5, 0.1, 0.8), (0, 0, 1), yaw)
    tray = Body("tray", "tray", params, pose, role="fixture", words={"part": "tray"})
    cell = cell_of(tray)
    at = {}
    for i in range(4):
        name = pocket_phrase(pocket_of(cell, f"tray/slot_{i}"), "en")
        frame = Pose.from_array(catalogue.build("tray", params).frames[f"slot_{i}"])
        at[name] = (pose @ frame).position
    near_left, far_left = at["the near left slot of the tray"], at["the far left slot of the tray"]
    far_right = at["the far right slot of the tray"]
    assert far_left[0] > near_left[0]
    assert far_left[1] > far_right[1]


@pytest.mark.parametrize(
    ("word", "pair", "expected"),
    [
        ("너트", "을/를", "너트를"),
        ("부싱", "을/를", "부싱을"),
        ("축", "이/가", "축이"),
        ("와셔", "이/가", "와셔가"),
        ("칸", "으로/로", "칸으로"),
        ("토트", "으로/로", "토트로"),
        ("교실", "으로/로", "교실로"),
        ("교실", "을/를", "교실을"),
        ("M12", "을/를", "M12를"),  # em-sib-i
        ("M10", "을/를", "M10을"),  # em-sip
        ("M16", "을/를", "M16을"),  # em-sib-yuk
        ("M8", "을/를", "M8을"),  # em-pal
        ("M8", "으로/로", "M8로"),
        ("M24", "으로/로", "M24로"),  # em-i-sib-sa
        ("M6", "으로/로", "M6으로"),
        ("100", "이/가", "100이"),  # baek
        ("16 mm", "을/를", "16 mm를"),  # millimiteo
        ("KLT", "은/는", "KLT는"),  # ti
        ("URL", "과/와", "URL과"),  # el
        ("PCB", "을/를", "PCB를"),
    ],
)
def test_particles_follow_the_sound(word: str, pair: str, expected: str) -> None:
    assert korean.with_particle(word, pair) == expected


@pytest.mark.parametrize("task", words.sentence_files())
def test_sentences_say_the_same_in_each_language(task: str) -> None:
    sentences = words.sentences_of(task)
    assert set(sentences) == set(lexicon.LANGUAGES)
    wanted = {f for _, f, _, _ in string.Formatter().parse(sentences["en"][0]) if f}
    assert wanted
    for lang, forms in sentences.items():
        assert len(set(forms)) >= 6
        for form in forms:
            assert {f for _, f, _, _ in string.Formatter().parse(form) if f} == wanted, (lang, form)


def test_every_kind_finish_and_colour_can_be_said() -> None:
    said = set(lexicon.NOUNS) | set(materials.COLOURS)
    said |= {word for forms in lexicon.FINISH_WORDS.values() for word in forms}
    assert said <= set(lexicon.KOREAN)
    assert set(materials.FINISHES) == set(lexicon.FINISH_WORDS)
    room = {"floor", "wall"}
    named = {kind for kinds in lexicon.NOUNS.values() for kind in kinds}
    assert named == set(catalogue.kinds()) - room
    assert {c for forms in lexicon.BARE_COLOURS.values() for c in forms} <= set(materials.COLOURS)


def test_wording_is_a_function_of_the_rng() -> None:
    cell = random_cell(np.random.default_rng(5))
    part = next(b.name for b in cell.bodies if b.role == "part")
    slots = {"part": part, "slot": "tray/slot_0"}
    made = [
        words.instruction("bench_place", cell, slots, np.random.default_rng(s)) for s in (1, 1, 2)
    ]
    assert made[0] == made[1]
    first = {
        words.instruction("bench_place", cell, slots, np.random.default_rng(s)).texts["en"][0]
        for s in range(20)
    }
    assert len(first) > 5
    assert made[2].texts != made[0].texts


def test_picking_and_inserting_name_their_fixtures() -> None:
    rng = np.random.default_rng(0)
    cell = cell_of(
        thing("bin", "bin", (0.5, -0.3), role="fixture"),
        thing("tote", "tote", (0.5, 0.4), role="fixture"),
        thing("nut", "hex_nut", (0.5, -0.3), size="M12", material="brass"),
        thing("peg", "peg", (0.5, 0.0), size="16x60", material="brushed_steel"),
        thing("plate", "hole_plate", (0.6, 0.1), role="fixture"),
        settle_s=1.0,
    )
    slots = {"part": "nut", "source": "bin", "target": "tote"}
    for text in words.instruction("bin_pick", cell, slots, rng).texts["en"]:
        assert all(word in text.lower() for word in ("nut", "bin", "tote"))
    made = words.instruction("peg_round", cell, {"part": "peg", "target": "plate/hole"}, rng)
    assert expressions(cell, "plate") == [Expression("plate")]
    assert all("the hole in the plate" in text for text in made.texts["en"])
    assert all("플레이트의 구멍에" in text for text in made.texts["ko"])


@pytest.mark.parametrize(
    ("task", "slots", "says"),
    [
        ("bench_plce", {"part": "nut"}, "did you mean 'bench_place'"),
        ("bench_place", {"part": "nut"}, "lacks the slot 'slot'"),
        ("bench_place", {"part": "nt", "slot": "tray/slot_0"}, "no body 'nt'"),
        ("bench_place", {"part": "nut", "slot": "tray/slot_9"}, "no place 'slot_9'"),
    ],
)
def test_bad_requests_are_one_clear_line(task: str, slots: dict[str, str], says: str) -> None:
    cell = cell_of(
        thing("nut", "hex_nut", (0.4, 0.0)), thing("tray", "tray", (0.5, 0.2), "fixture")
    )
    with pytest.raises(UserError) as caught:
        words.instruction(task, cell, slots, np.random.default_rng(0))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("by", ["shape", "size", "colour", "code"])
def test_a_sorting_rule_names_every_class_and_its_bin(by: str) -> None:
    config = hydra_app.composed("generate", ["task=conveyor_sort", "out=x", f"scene.by={by}"])
    task = tasks.make(config)
    cell = task.cell(np.random.default_rng(3))
    said = task.instruction(cell, np.random.default_rng(0)).texts
    classes = list(ClassesGoal.of(cell).classes)
    assert len(set(classes)) == len(classes) >= 2
    for i in range(len(classes)):
        for lang, sentences in said.items():
            assert all(name_of(cell, f"bin_{i}", lang) in text for text in sentences)
    if by == "code":
        printed = {b.words["code"]: b.params["code"] for b in cell.bodies if b.kind == "carton"}
        assert sorted(printed) == classes
        assert all(str(pips) == code for code, pips in printed.items())
        assert all(f"with {code} pip" in said["en"][0] for code in classes)
