"""In what two descriptions of libraries differ, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FEW, LONGEST = 3, 40


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What stands in library.json, and what is asked for, where they differ; the first few."""
    parts = ("config", "made_by", "versions")
    old, new = (_flat({key: one.get(key) for key in parts}) for one in (there, wanted))
    names = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    if not names:
        return f"spec {str(there.get('spec_id'))[:12]}, not {str(wanted.get('spec_id'))[:12]}"
    describe = [f"{_name(k)}={_short(old, k)} there, {_short(new, k)} here" for k in names[:FEW]]
    more = f"; {len(names) - FEW} more differ" if len(names) > FEW else ""
    return "; ".join(describe) + more


def changed(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The versions that differ: name -> (then, now)."""
    names = sorted({*then, *now})
    return {n: (then.get(n, "-"), now.get(n, "-")) for n in names if then.get(n) != now.get(n)}


def describe(versions: Mapping[str, tuple[str, str]]) -> str:
    """What `changed` found, in words."""
    return ", ".join(f"{name} {then}, now {now}" for name, (then, now) in versions.items())


def _flat(value: Any, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(value, Mapping) or not value:
        return {place: value}
    return {k: v for key in value for k, v in _flat(value[key], (*place, str(key))).items()}


def _name(place: tuple[str, ...]) -> str:
    return ".".join(place[1:] if place[0] == "config" and len(place) > 1 else place)


def _short(values: Mapping[tuple[str, ...], Any], key: tuple[str, ...]) -> str:
    text = str(values.get(key, "nothing"))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
