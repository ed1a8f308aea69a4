"""What differs between the libraries of a set, before any of it is written."""

from __future__ import annotations

from collections.abc import Sequence

import h5py

from episodes.storage import hdf5
from episodes.storage.safe import plain
from episodes.storage.selection import Selection

RATE = "control rate"
ABSENT = "none"
MOST_NAMED = 4  # libraries of one value


def differing(chosen: Selection) -> dict[str, str]:
    """The control rate, or an array or camera -> "20 Hz in a, b; 10 Hz in c". Bodies in the cell
    (`states`, `objects`) may be more or fewer in any two episodes, and are not looked at."""
    seen: dict[str, dict[str, set[str]]] = {}  # what -> value -> libraries
    names = [part.name for part in chosen.parts]
    if len(chosen.parts) < 2:
        return {}
    for row in chosen:
        part, _ = chosen.home(row.index)
        for what, value in _facts(chosen.group(row.index)).items():
            seen.setdefault(what, {}).setdefault(value, set()).add(part.name)
    out = {}
    for what, values in seen.items():
        absent = set(names) - set[str]().union(*values.values())
        every = {**values, ABSENT: absent} if absent else values
        if len(every) > 1:
            out[what] = "; ".join(
                f"{value} in {_listed(names, some)}" for value, some in every.items()
            )
    return out


def _facts(demo: h5py.Group) -> dict[str, str]:
    found = {RATE: f"{float(plain(demo.attrs['control_hz'])):g} Hz"}
    cameras = list(demo.get("cameras", ()))
    views = {f"{camera}_{channel}": channel for camera in cameras for channel in hdf5.CHANNELS}
    arrays = {"actions": demo["actions"]}
    arrays |= {f"action/{name}": item for name, item in demo.get("action", {}).items()}
    arrays |= {f"obs/{name}": item for name, item in demo["obs"].items()}
    for name, item in arrays.items():
        if name.removeprefix("obs/") in views:
            found[name] = f"{item.shape[2]}x{item.shape[1]} px"
        else:
            found[name] = f"{'x'.join(map(str, item.shape[1:])) or '1'} {item.dtype}"
    return found


def _listed(names: Sequence[str], some: set[str]) -> str:
    inside = [name for name in names if name in some]
    rest = len(inside) - MOST_NAMED
    return ", ".join(inside[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
