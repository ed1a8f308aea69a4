"""Instructions as foreign data have them: strings of unknown language, one or many a step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from episodes.episode import Subtask

HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
MAX_CHARS = 10_000  # of one instruction
_NUMBER = r"(_?\d+)?$"
# Names of columns, attributes and features that hold an instruction, by their last word.
_INSTRUCTION = re.compile(
    r"(^|_)(instructions?|captions?|prompts?|mission|utterance|narration|lang(uage)?(_raw)?"
    r"|(task|language)_(description|instruction|caption))" + _NUMBER
)
_TASK = re.compile(r"(^|_)(tasks?|goal)(_(name|text|string))?" + _NUMBER)  # if it is a sentence
_SUBTASK = re.compile(r"(^|_)(sub_?(tasks?|goal|instruction)s?|skill|primitive)" + _NUMBER)


@dataclass(frozen=True)
class EpisodeTexts:
    """What the texts of an episode say. rest: name -> the one text that it holds throughout, of
    those that are no instruction; unread: those of them that change on the way."""

    language: Mapping[str, tuple[str, ...]]
    instruction: str
    subtasks: tuple[Subtask, ...]
    rest: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def words(columns: Mapping[str, Sequence[str]], steps: int) -> EpisodeTexts:
    """Columns by name (joined by "/" or "."): a text for each of `steps`, or any number of them.

    Subtasks are the runs of equal text in a column that names them, else in an instruction that
    changes.
    """
    said: list[str] = []
    parts: tuple[Subtask, ...] = ()
    changing: tuple[Subtask, ...] = ()
    rest: dict[str, str] = {}
    unread: list[str] = []
    for name, texts in columns.items():
        word = re.split(r"[./]", name.lower())[-1]
        if _SUBTASK.search(word) and len(texts) == steps:
            parts = parts or subtasks(texts, alone=True)
        elif _INSTRUCTION.search(word) or (
            _TASK.search(word) and any(len(text.split()) > 1 for text in texts)
        ):
            said += texts
            if len(texts) == steps:
                changing = changing or subtasks(texts)
        elif len(set(texts)) == 1 and len(texts[0]) <= MAX_CHARS:
            rest[name] = texts[0]
        elif texts:
            unread.append(name)
    found = phrasings(said)
    return EpisodeTexts(found, instruction(found), parts or changing, rest, tuple(unread))


def is_instruction(name: str) -> bool:
    """Whether a name says that what it names is an instruction."""
    return bool(_INSTRUCTION.search(re.split(r"[./]", name.lower())[-1]))


def phrasings(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Language -> the different texts in their order; Hangul is "ko", all else counts as "en"."""
    out: dict[str, dict[str, None]] = {}
    for text in texts:
        text = " ".join(text[:MAX_CHARS].split())
        if text:
            out.setdefault("ko" if HANGUL.search(text) else "en", {})[text] = None
    return {language: tuple(found) for language, found in out.items()}


def instruction(language: Mapping[str, Sequence[str]]) -> str:
    """The first English phrasing, else the first of any language, else nothing."""
    for texts in (language.get("en", ()), *language.values()):
        if texts:
            return texts[0]
    return ""


def subtasks(texts: Sequence[str], alone: bool = False) -> tuple[Subtask, ...]:
    """The runs of equal text over the steps (T,). alone: also where the text never changes."""
    out = []
    start = 0
    for number, (text, run) in enumerate(groupby(texts)):
        end = start + len(list(run))
        out.append(Subtask(start, end, f"part_{number}", text))
        start = end
    return tuple(out) if len(out) > 1 or (alone and texts[:1] != [""]) else ()
