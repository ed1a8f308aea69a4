"""What is wrong with data, said so that a person can find the place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from episodes.shown import shown

Severity = Literal["error", "warning"]

FEW = 3  # episodes that share a finding before it is told for all of them at once
_OTHER = re.compile(r"of episode (\d+)")


@dataclass(frozen=True)
class Finding:
    """One fault: an error makes the data wrong, a warning makes it suspect.

    step: one step, or the half-open range (start, end). field: as in FORMAT.md
    ("obs/image_0_image", "action/gripper"); empty for the episode or the whole library. check: the
    one that found it (docs/checks.md), empty for what an import noticed. measured, threshold: what
    it measured, and the value from which on that is a fault, where it is one of size.
    """

    severity: Severity
    message: str
    episode: int | None = None
    step: int | tuple[int, int] | None = None
    field: str = ""
    check: str = ""
    measured: float | None = None
    threshold: float | None = None

    def __str__(self) -> str:
        where = [] if self.episode is None else [f"episode {self.episode}"]
        if isinstance(self.step, tuple):
            where.append(f"steps {self.step[0]}..{self.step[1] - 1}")
        elif self.step is not None:
            where.append(f"step {self.step}")
        if self.field:
            where.append(shown(self.field))
        return f"{self.severity}: {', '.join(where) or 'library'}: {shown(self.message)}"

    def to_json(self) -> dict[str, Any]:
        """The fields that say something, for library.json."""
        out: dict[str, Any] = {"severity": self.severity, "message": self.message}
        out |= {
            name: value
            for name in ("check", "measured", "threshold")
            if (value := getattr(self, name)) not in (None, "")
        }
        if self.episode is not None:
            out["episode"] = self.episode
        if self.step is not None:
            out["step"] = list(self.step) if isinstance(self.step, tuple) else self.step
        if self.field:
            out["field"] = self.field
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        step = data.get("step")
        return cls(
            severity="error" if data["severity"] == "error" else "warning",
            message=str(data["message"]),
            episode=data.get("episode"),
            step=(int(step[0]), int(step[1])) if isinstance(step, list | tuple) else step,
            field=str(data.get("field", "")),
            check=str(data.get("check", "")),
            measured=_number(data.get("measured")),
            threshold=_number(data.get("threshold")),
        )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


@dataclass
class Report:
    """The findings of one import, in the order in which they were met."""

    findings: list[Finding] = field(default_factory=list)

    def add(
        self,
        severity: Severity,
        message: str,
        *,
        episode: int | None = None,
        step: int | tuple[int, int] | None = None,
        field: str = "",
    ) -> None:
        self.findings.append(Finding(severity, message, episode, step, field))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def grouped(self, pairs: bool = False) -> Report:
        """The same findings, those of the whole first; one that FEW episodes or more share, word
        for word, is told once and names them. pairs: so is one that differs only in the other
        episode that it names, with their number and the first FEW of them."""
        shared: dict[tuple[Severity, str, str], list[Finding]] = {}
        for finding in self.findings:
            message = _OTHER.sub("of another episode", finding.message, 1)
            key = (finding.severity, message if pairs else finding.message, finding.field)
            shared.setdefault(key, []).append(finding)
        out = []
        for (_, message, _), group in shared.items():
            episodes = [f.episode for f in group if f.episode is not None]
            if len(episodes) < max(FEW, len(group)):
                out += group
                continue
            steps = {f.step for f in group}
            step = steps.pop() if len(steps) == 1 else None
            told = group[0].message
            if {f.message for f in group} == {told}:
                message = f"{told} (episodes {spans(episodes)})"
            else:
                message += f" ({len(group)} episodes: {_pairs(group)})"
            out.append(replace(group[0], message=message, episode=None, step=step))
        return Report(sorted(out, key=lambda finding: finding.episode is not None))


def _pairs(group: Sequence[Finding]) -> str:
    """Which episode is like which: "25 of 6, 26 of 24, 27 of 13 and 22 more"."""
    found = sorted((f.episode, _OTHER.findall(f.message)) for f in group if f.episode is not None)
    told = ", ".join(f"{one} of {other[0]}" for one, other in found[:FEW] if other)
    return told + (f" and {len(found) - FEW} more" if len(found) > FEW else "")


def spans(numbers: Sequence[int], most: int = 20) -> str:
    """Sorted numbers in words: [1, 2, 3, 7] is "1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [f"{a}-{b}" if a != b else str(a) for a, b in runs[:most]]
    return ", ".join(shown) + (f" and {len(runs) - most} more" if len(runs) > most else "")
