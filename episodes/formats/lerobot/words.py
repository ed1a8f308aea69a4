"""What a LeRobot episode is told to do, and in which parts: tasks, text columns, annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from episodes.array_types import AnyArray, Floats
from episodes.episode import Subtask
from episodes.formats import language
from episodes.formats.frames import SAME_TIME
from episodes.formats.lerobot import tables
from episodes.formats.lerobot.faults import LeRobotFaults
from episodes.formats.lerobot.meta import Dataset, EpisodeEntry

# persistent ones stand in every row of the table, events at the step where they happen.
PERSISTENT, EVENTS = "language_persistent", "language_events"
PART, REPHRASED = "subtask", "task_aug"


@dataclass(frozen=True)
class AnnotatedTexts:
    """texts: what `language.words` makes of it. annotations: column of numbers -> the one text that
    they stand for. used: columns of numbers that were numbers of texts."""

    texts: language.EpisodeTexts
    annotations: Mapping[str, str]
    used: frozenset[str]


def read(
    dataset: Dataset,
    entry: EpisodeEntry,
    table: Any,
    numbers: Mapping[str, AnyArray],
    stamps: Floats,
    index: int,
    search: LeRobotFaults,
) -> AnnotatedTexts:
    """The words of an episode; what is text and not among them is told."""
    steps = len(table)
    tasks = _tasks(dataset, entry, numbers, steps)
    numbered = dict(_numbered(dataset, numbers))
    texts = {name.removesuffix("_index"): column for name, column in numbered.items()}
    texts |= dict(_columns(table, index, search))
    more, parts = _rows(table, stamps, index, search)
    found = language.words(texts, steps)
    for name in found.unread:
        search.left_out(name, "text that changes on the way", index)
    changes = language.subtasks(tasks)
    # where the task changes on the way, what comes later is no way to say the whole
    whole = language.phrasings([*(tasks[:1] if changes else tasks), *more])
    spoken = {
        tongue: tuple(dict.fromkeys([*whole.get(tongue, ()), *found.language.get(tongue, ())]))
        for tongue in (*whole, *(t for t in found.language if t not in whole))
    }
    said = replace(
        found,
        language=spoken,
        instruction=language.instruction(spoken),
        subtasks=found.subtasks or parts or changes,
        rest={name: text for name, text in found.rest.items() if text and name not in numbered},
    )
    search.tasks(entry, index, tasks, bool(spoken))
    annotations = {name: text for name, text in found.rest.items() if name in numbered}
    return AnnotatedTexts(said, annotations, frozenset(numbered))


def _tasks(
    dataset: Dataset, entry: EpisodeEntry, numbers: Mapping[str, AnyArray], steps: int
) -> list[str]:
    """The task of each step, or those of the episode where the rows do not tell."""
    if "task_index" in numbers and dataset.tasks:
        return [dataset.tasks.get(int(i), "") for i in numbers["task_index"].reshape(-1)]
    return list(entry.tasks)


def _numbered(
    dataset: Dataset, numbers: Mapping[str, AnyArray]
) -> Iterator[tuple[str, Sequence[str]]]:
    """Columns of numbers of texts: GR00T's annotation.*, of the table of tasks; LeRobot's subtasks,
    of their own (src/lerobot/datasets/lerobot_dataset.py, `subtask_index`)."""
    for name, value in numbers.items():
        known = dataset.tasks if name.startswith("annotation.") else {}
        if name == "subtask_index":
            known = dataset.subtasks
        flat = value.reshape(-1)
        if (
            value.dtype.kind in "iu"
            and len(flat) == len(value)
            and all(int(i) in known for i in flat)
        ):
            yield name, [known[int(i)] for i in flat]


def _columns(table: Any, index: int, search: LeRobotFaults) -> Iterator[tuple[str, Sequence[str]]]:
    """Columns of text, a text a step, or the texts that a column of lists holds throughout."""
    for name in table.column_names:
        kind = tables.kind(table, name)
        if kind == "text":
            yield name, [value or "" for value in table.column(name).to_pylist()]
        elif kind == "texts":
            lists = [tuple(value or ()) for value in table.column(name).to_pylist()]
            if len(set(lists)) == 1:
                yield name, [text or "" for text in lists[0]]
            else:
                search.left_out(name, "lists of text that change on the way", index)


def _rows(
    table: Any, stamps: Floats, index: int, search: LeRobotFaults
) -> tuple[list[str], tuple[Subtask, ...]]:
    """Other ways to say the whole, and the parts, of the columns that lerobot 0.6 annotates."""
    more: list[str] = []
    begins: dict[float, str] = {}
    unread: set[str] = set()
    for row in _first(table, PERSISTENT):
        style, text = row.get("style"), str(row.get("content") or "")
        if style == REPHRASED:
            more.append(text)
        elif style == PART:
            begins[float(row.get("timestamp") or 0.0)] = text
        else:
            unread.add(str(style))
    if unread:
        search.left_out(PERSISTENT, f"of style {', '.join(sorted(unread))}", index)
    if EVENTS in table.column_names and any(table.column(EVENTS).to_pylist()):
        search.left_out(EVENTS, "what is said in answer to events", index)
    starts = [int(np.searchsorted(stamps, at - SAME_TIME)) for at in sorted(begins)]
    ends = pairwise([*starts, len(stamps)])
    parts = [
        Subtask(start, end, f"part_{number}", begins[at])
        for number, (at, (start, end)) in enumerate(zip(sorted(begins), ends, strict=True))
        if start < end
    ]
    return more, tuple(parts)


def _first(table: Any, name: str) -> Iterable[Mapping[str, Any]]:
    """The rows of annotation in the first cell of a column, where it is one of those."""
    if name not in table.column_names or not len(table):
        return ()
    cell = table.column(name)[0].as_py()
    rows = cell if isinstance(cell, list) else []
    return [row for row in rows if isinstance(row, dict)]
