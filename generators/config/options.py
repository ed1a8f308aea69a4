"""Reading the values of a config: what it is, and one clear line when it is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from episodes.errors import UserError


def unknown(
    what: str, name: object, known: Iterable[str], shown: Iterable[str] | None = None
) -> str:
    """The line for a name that does not exist: the closest one, then those to choose from
    (`shown`, where all known ones are too many)."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, 1, 0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ";"
    listed = ", ".join(names if shown is None else shown)
    return f"unknown {what} {name!r}{hint} {what}s: {listed or 'none'}"


def whole(config: Mapping[str, Any], key: str, least: int = 0) -> int:
    """config[key] as a whole number of at least `least`."""
    value = config[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise UserError(f"{key} must be a whole number, not {value!r}; try {key}={max(least, 1)}")
    if value < least:
        raise UserError(f"{key}={value} is too small: it must be {least} or more")
    return value


def number(config: Mapping[str, Any], key: str, least: float | None = None) -> float:
    """config[key] as a finite number, of at least `least` where given."""
    value = config[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        raise UserError(f"{key} must be a number, not {value!r}")
    if least is not None and value < least:
        raise UserError(f"{key}={value} is too small: it must be {least} or more")
    return float(value)


def flag(config: Mapping[str, Any], key: str) -> bool:
    value = config[key]
    if not isinstance(value, bool):
        raise UserError(f"{key} must be true or false, not {value!r}")
    return value


def choice(config: Mapping[str, Any], key: str, known: Iterable[str]) -> str:
    value = config[key]
    names = list(known)
    if value not in names:
        raise UserError(unknown(key, value, names))
    return str(value)


def mapping(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    """config[key]; null is the empty one, since Hydra lets no key be added to {}."""
    value = config[key]
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError(f"{key} must be a mapping, not {value!r}; like this: {key}={{name:value}}")
    return value


def names(config: Mapping[str, Any], key: str) -> list[str]:
    """config[key] as a list of names; one alone may stand without brackets, null is none."""
    value = config[key]
    found = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(name, str) and name for name in found):
        raise UserError(f"{key} must be a list of names, not {value!r}; like this: {key}=[NAME]")
    return found


def image_size(config: Mapping[str, Any], key: str = "image_size") -> tuple[int, int] | None:
    """config[key] as (W, H) in pixels; None where it is null."""
    value = config[key]
    if value is None:
        return None
    pair = value if isinstance(value, list) else [value, value]
    if len(pair) != 2 or not all(isinstance(v, int) and not isinstance(v, bool) for v in pair):
        raise UserError(f"{key} must be [W,H] in whole pixels, not {value!r}; try {key}=[128,128]")
    if min(pair) < 1 or max(pair) > 8192:
        raise UserError(f"{key}={pair} must be between 1 and 8192 pixels; try {key}=[128,128]")
    return pair[0], pair[1]


def path(config: Mapping[str, Any], key: str) -> Path:
    """config[key] as an absolute path, against the folder that the command was called in."""
    value = config[key]
    if not isinstance(value, str | int) or isinstance(value, bool) or str(value) == "":
        raise UserError(f"{key} must be a path, not {value!r}")
    return Path(str(value)).expanduser().absolute()


def folder(config: Mapping[str, Any], key: str) -> Path:
    """An absolute path of a folder that exists."""
    found = path(config, key)
    if not found.is_dir():
        what = "is not a folder" if found.exists() else "does not exist"
        raise UserError(f"{key}={config[key]}: {found} {what}; `cellwright list` shows libraries")
    return found
