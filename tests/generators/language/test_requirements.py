"""Every sentence asks for all that success needs, in the order in which the demonstration does it.

For each task: what its outcome requires, and the words by which a sentence in each language asks
for it. A cause of failure that no requirement covers must be one that nobody needs to say.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_type_hints

import numpy as np
import pytest

from generators import tasks
from generators.language import words
from generators.skills import bead
from scenes.goals import ClassesGoal


@dataclass(frozen=True)
class Need:
    """causes: those of the task's failures that mean it was not met; en, ko: patterns of which a
    sentence has a match."""

    causes: tuple[str, ...]
    en: str
    ko: str


# What no sentence says: accidents, limits on how it is done, and what "put" includes anyway.
UNSAID = {
    "dropped", "collision", "touched", "off_seam", "wrong_bin",  # something went wrong
    "force_limit", "overlap",  # pressed too hard
    "standoff", "speed", "path_error",  # how well a bead is laid
    "not_released", "not_at_rest", "not_stable",  # what is put down is let go of, and lies still
    "above_rim",  # what is in a tote does not stick out of it
}  # fmt: skip

_INTO = r"\b(in|into|there)\b"
_LAY = "넣|놓|담|채우|채워"

NEEDS: dict[str, list[Need]] = {
    "bench_place": [Need(("misplaced",), rf"{_INTO}.*{{slot}}|{{slot}}.*there", _LAY)],
    "bin_clear": [
        Need((), r"every|all|nothing is left", "모두|남김없이|전부|빌 때까지|남지 않게"),
        Need(("not_in_tote",), r"\b(in|into) {target}", f"{{target}}에 ?.*({_LAY})"),
    ],
    "bin_pick": [Need(("not_in_tote",), r"\b(in|into) {target}", f"{{target.*({_LAY})")],
    "carton_pack": [
        Need(("not_packed",), "{count} items", "물품 {count}개"),
        Need(("flap_open",), r"flaps?\b.*(shut|closed)|(close|shut)\b.*flaps|folds?.*shut",
             "날개.*(닫|접어 닫)"),
    ],
    "conveyor_pick": [
        Need(("reached_end",), "{belt}", "{belt"),
        Need(("misplaced",), rf"{_INTO}.*{{nest}}|{{nest}}.*there", f"{{nest.*({_LAY})"),
    ],
    "conveyor_sort": [
        Need(("reached_end",), "{belt}", "{belt"),
        Need(("not_sorted",), r"\b(sort|put|putting|move)\b.*{rules}", f"{{rules}}.*({_LAY})"),
    ],
    "defect_sort": [
        Need((), r"\b(each|every|all)\b", "모두|모든|마다|빠짐없이"),
        Need(("not_shown",), "{camera}", "{camera"),
        Need((), r"(sound|good|flawless|otherwise|{colour} and sound)\b.*{passes}|"
             r"{passes} (if it is {colour} and sound|for a sound)",
             "(이상 없는|흠 없는|결함 없는|양품)?.*{colour}.*{passes}에"),
        Need(("not_sorted",), r"(others|\brest|\belse|not {colour}).*{rejects}|"
             "{rejects} for the rest",
             "(나머지|그 밖의 것|아니|색 불량).*{rejects}에"),
    ],
    "depalletise": [
        Need((), r"every|all|each|empty|clear|whole", "모두|전부|비우|빠짐없이"),
        Need(("not_cleared",), "{belt}", "{belt"),
        Need(("toppled",), "upright|tipping none", "똑바로|넘어지지 않게"),
    ],
    "dispense_bead": [
        Need(("unfinished", "gap"), "whole|full length", "전체|끝까지"),
        Need(("nothing_dispensed",), r"dispens|bead|sealant|\bseal {plate}",
             "도포|채우|바르|밀봉"),
        Need(("not_raised",), r"lift|raise", "올리|올려|들어"),
    ],
    "inspect_views": [
        Need((), "wrist|camera on the hand", "손목 카메라|손에 달린 카메라"),
        Need((), "still|steady", "멈추|멈춰|흔들림 없이"),
        Need((), "focus|sharp", "초점|선명"),
        Need(("view_missing",), "{features}", "{features"),
    ],
    "kit_tray": [
        Need((), r"every|each|all the parts", "마다|모두|모든|전부"),
        Need(("misplaced",), "fits|that slot|its own|made for|belong", "맞는|맞게|제 칸"),
    ],
    "machine_load": [
        Need(("not_seated",), r"\b(in|into) {target}", "{target}에"),
        Need(("not_clamped",), "clamp", "물리|물린|고정|클램프"),
        Need(("door_open",), r"(shut|close) the door", "문을 닫"),
        Need(("not_started",), "start|run the machine", "시작|가동|돌려"),
    ],
    "machine_unload": [
        Need(("door_shut",), r"open(s|ing)? (the|its) door|door open", "문을 (열|연)"),
        Need(("not_unclamped",), "unclamp|release", "풀|푼|언클램프"),
        Need(("not_in_tray",), r"\b(in|into) {target}", f"{{target}}에.*({_LAY}|세워)"),
    ],
    "palletise": [
        Need((), "{belt}", "{belt"),
        Need((), "{layers} layers", "{layers}단"),
        Need(("misplaced",), "{pattern} pattern", "{pattern} (방식|패턴)"),
    ],
    "peg_round": [
        Need(("not_inserted",), "all the way|fully|as deep as it goes", "끝까지|완전히"),
    ],
}  # fmt: skip

IN_ORDER = ("carton_pack", "dispense_bead", "machine_load", "machine_unload")  # of their scripts
SOME_ORDER = r"one after (another|the other)|in turn|in order|first\b|left to right|차례|순서"
DRAWS_ORDER = ("inspect_views", "kit_tray", "carton_pack", "bin_clear", "defect_sort")
CAUSE = ("missing", "fault")  # variables of outcomes that hold a cause
BOTH = ("en", "ko")


@pytest.mark.parametrize("task", tasks.names())
def test_every_sentence_asks_for_all_that_success_needs(task: str) -> None:
    for lang in BOTH:
        for sentence in words.sentences_of(task)[lang]:
            for need in NEEDS[task]:
                pattern = getattr(need, lang)
                assert _found(pattern, sentence) >= 0, f"{sentence!r} lacks {pattern!r}"


@pytest.mark.parametrize("task", tasks.names())
def test_every_cause_of_failure_is_asked_against(task: str) -> None:
    """A new cause of a task's judge needs a row above, or a reason why nobody says it."""
    covered = {cause for need in NEEDS[task] for cause in need.causes}
    found = set(_causes(task))
    assert found - UNSAID == covered


@pytest.mark.parametrize("task", IN_ORDER)
def test_steps_are_told_in_the_order_of_the_demonstration(task: str) -> None:
    for lang in BOTH:
        for sentence in words.sentences_of(task)[lang]:
            steps = [n for n in NEEDS[task] if not {"unfinished", "not_seated"} & set(n.causes)]
            at = [_found(getattr(n, lang), sentence) for n in steps]
            assert at == sorted(at), sentence


@pytest.mark.parametrize("task", DRAWS_ORDER)
def test_no_order_is_asked_for_where_the_script_draws_one(task: str) -> None:
    for lang in BOTH:
        for sentence in words.sentences_of(task)[lang]:
            assert not re.search(SOME_ORDER, sentence), sentence


def test_plates_are_shown_before_they_are_sorted() -> None:
    for sentences in words.sentences_of("defect_sort").values():
        for sentence in sentences:
            assert sentence.index("{camera") < min(sentence.index("{passes"),
                                                   sentence.index("{rejects"))  # fmt: skip


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ("machine_load", "load {part} into {target}"),
        ("machine_load", "clamp {part} in {target} and start"),
        ("inspect_views", "look at {features} of {part}, one after another"),
        ("peg_round", "put {part} into {target}"),
        ("dispense_bead", "run the nozzle along the {shape} seam in {plate}"),
        ("depalletise", "unload {pallet} onto {belt}, box by box"),
        ("kit_tray", "fill {tray} with the loose parts"),
        ("defect_sort", "use {camera} to find plates with a defect and put them into {rejects}; "
         "the good {colour} plates belong in {passes}"),
        ("machine_unload", "unload the machine and put {part} into {target}"),
        ("bin_clear", "pick the parts out of {source} one by one and lay them in {target}"),
        ("carton_pack", "put {count} items in {carton}"),
    ],
)  # fmt: skip
def test_a_sentence_that_leaves_something_out_is_found(task: str, sentence: str) -> None:
    assert any(_found(need.en, sentence) < 0 for need in NEEDS[task])


def _found(pattern: str, sentence: str) -> int:
    """Where a pattern begins in a sentence; braces of slots are not repetitions."""
    match = re.search(re.sub(r"([{}])", r"\\\1", pattern), sentence)
    return match.start() if match else -1


def _causes(task: str) -> Iterator[str]:
    """The causes of failure that a task's judge gives."""
    made = getattr(__import__(f"generators.tasks.{task}", fromlist=["x"]), tasks.class_name(task))
    update = get_type_hints(made.judge)["return"].update
    sources = [update] + ([bead.Bead.fault] if task == "dispense_bead" else [])
    for source in sources:
        tree = ast.parse(textwrap.dedent(inspect.getsource(source)))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "TaskOutcome":
                yield from (c for arg in node.args for c in _texts(arg))
            returned = isinstance(node, ast.Return) and source is not update
            if returned or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in CAUSE):
                yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    """The words of an expression that may be its value."""
    match node:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.IfExp(body=a, orelse=b):
            yield from _texts(a)
            yield from _texts(b)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _texts(value)


def test_korean_says_that_a_class_is_sorted_whole() -> None:
    from generators.command import hydra_app

    task = tasks.make(hydra_app.composed("generate", ["task=conveyor_sort", "out=x"]))
    cell = task.cell(np.random.default_rng(3))
    for text in task.instruction(cell, np.random.default_rng(0)).texts["ko"]:
        assert text.count("모두") >= len(ClassesGoal.of(cell).classes)
