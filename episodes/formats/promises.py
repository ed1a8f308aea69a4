"""What a source promises and does not hold: told, or with strict=true refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from episodes.errors import UserError
from episodes.finding import Report


@dataclass(frozen=True)
class Promises:
    source: Path
    strict: bool
    report: Report

    def lacks(self, message: str, field: str = "", episode: int | None = None) -> None:
        """A warning of the report. UserError: the source was to be whole."""
        if self.strict:
            what = f"{field}: {message}" if field else message
            raise UserError(f"{self.source}: {what}; strict=false imports what is there")
        self.report.add("warning", message, field=field, episode=episode)
