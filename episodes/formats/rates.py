"""A control rate as a user gives it."""

from __future__ import annotations

from typing import Any

from episodes.errors import UserError


def checked_rate(hz: Any) -> float | None:
    """[Hz], or None if none is given. UserError: it is no rate."""
    if hz is None:
        return None
    if isinstance(hz, bool) or not isinstance(hz, int | float) or not 0 < hz < 1e5:
        raise UserError(f"options.hz={hz} is no control rate; give steps a second: options.hz=10")
    return float(hz)
