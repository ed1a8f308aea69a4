"""What no command line and no config file of a user may bring in: anything that runs code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from episodes.errors import UserError

REFUSED_FLAGS = {
    "--experimental-rerun": "it unpickles a file",
    "--config-path": "use --config-dir",
    "-cp": "use --config-dir",
    "--config-name": "the verb names the config",
    "-cn": "the verb names the config",
}
HYDRA_KEYS = ("hydra/sweeper", "hydra.sweeper.")
MOST_BYTES, MOST_VALUES = 1_000_000, 100_000  # of one config file


def vetted(words: Sequence[str]) -> list[str]:
    """The words of a command line, sweep files expanded; UserError for what is refused."""
    out: list[str] = []
    for i, word in enumerate(words):
        flag = word.partition("=")[0]
        if flag in REFUSED_FLAGS:
            raise UserError(f"{flag} is refused: {REFUSED_FLAGS[flag]}")
        if flag in ("--config-dir", "-cd"):
            value = word.partition("=")[2] or "".join(words[i + 1 : i + 2])
            vet_folder(Path(value))
        if word.startswith("sweep="):
            out += _sweep_file(Path(word.removeprefix("sweep=")).expanduser())
            continue
        if "=" in word and not word.startswith("-"):
            _vet_override(word)
        out.append(word)
    return out


def refuse_code(value: Any, place: str) -> None:
    """UserError where a key `_target_` stands anywhere below `value`."""
    waiting = [value]
    seen = 0
    while waiting:
        seen += 1
        if seen > MOST_VALUES:
            raise UserError(f"{place}: more than {MOST_VALUES} values; that is no config")
        item = waiting.pop()
        if isinstance(item, dict):
            if "_target_" in item:
                raise UserError(f"{place}: `_target_` is refused: a config names things, not code")
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def _vet_override(word: str) -> None:
    key = word.partition("=")[0]
    if "_target_" in word:
        raise UserError(f"{word!r}: `_target_` is refused: a config names things, not code")
    if re.search(r"\$\{\s*oc\.env", word):
        raise UserError(f"{key}: ${{oc.env:...}} is refused; write the value")
    if key.startswith("+"):
        raise UserError(f"{key}: keys are not added; every knob is in `--help`, without the +")
    if re.match(r"~?hydra\b", key) and not key.startswith(HYDRA_KEYS):
        raise UserError(f"{key} is not for the command line; only hydra.sweeper.* is")


def vet_folder(folder: Path) -> None:
    """Every YAML file of a --config-dir, before Hydra opens one."""
    if not folder.is_dir():
        raise UserError(f"--config-dir {folder}: there is no such folder")
    for file in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        content = read_yaml(file)
        text = file.read_text(encoding="utf-8")
        if "oc.env" in text:
            raise UserError(f"{file}: ${{oc.env:...}} is refused; write the value")
        beside = file.relative_to(folder).parts[0] == "hydra"
        inside = isinstance(content, dict) and "hydra" in content
        if beside or inside or re.search(r"@package[^\n]*hydra|^\s*-[^\n]*\bhydra/", text, re.M):
            raise UserError(f"{file}: a config file of yours may not set up Hydra itself")


def read_yaml(file: Path) -> Any:
    """A YAML file as plain data; UserError for tags, bombs and what is not YAML."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UserError(f"{file}: over {MOST_BYTES} bytes; that is no config")
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        what = " ".join(str(getattr(error, "problem", None) or error).split())
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise UserError(f"{where}: not plain YAML: {what}") from error
    except RecursionError as error:
        raise UserError(f"{file}: nested too deep; that is no config") from error
    refuse_code(content, str(file))
    return content


def _sweep_file(file: Path) -> list[str]:
    """The words of a sweep file: a mapping of keys to one value or a list of values."""
    content = read_yaml(file)
    if not isinstance(content, dict) or not content:
        raise UserError(f"{file}: a sweep file maps keys to a value or a list of values")
    words = ["-m"]
    for key, value in content.items():
        if not isinstance(key, str):  # YAML 1.1 reads on, off, yes and no as truth values
            raise UserError(f"{file}: {key!r} is no key; put it in quotes if it is meant as one")
        values = value if isinstance(value, list) else [value]
        if not values or any(isinstance(v, dict | list) or v is None for v in values):
            raise UserError(f"{file}: {key}: give one value or a list of plain values")
        word = f"{key}=" + ",".join(_spelled(v) for v in values)
        _vet_override(word)
        words.append(word)
    return words


def _spelled(value: Any) -> str:
    """A value as Hydra's grammar reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if re.fullmatch(r"[\w./-]+", text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
