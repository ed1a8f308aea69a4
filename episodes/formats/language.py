"""Instructions as foreign data have them: strings of unknown language, one or many a step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from episodes.episode import Subtask

HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
MAX_CHARS = 10_000  # of one instruction


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


def subtasks(texts: Sequence[str]) -> tuple[Subtask, ...]:
    """The runs of equal text over the steps (T,); none where the text never changes."""
    out = []
    start = 0
    for number, (text, run) in enumerate(groupby(texts)):
        end = start + len(list(run))
        out.append(Subtask(start, end, f"part_{number}", text))
        start = end
    return tuple(out) if len(out) > 1 else ()
