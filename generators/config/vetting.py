"""What no command line and no config file of a user may bring in: anything that runs code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from episodes.errors import UserError
from episodes.storage import regular

REFUSED_FLAGS = {
    "--experimental-rerun": "it unpickles a file",
    "--config-path": "use --config-dir",
    "-cp": "use --config-dir",
    "--config-name": "the verb names the config",
    "-cn": "the verb names the config",
}
# what a search may be told (docs/scaling.md); others of its settings name code or places
SEARCH = re.compile(
    r"hydra/sweeper(/sampler)?=[a-z_]+"
    r"|hydra\.sweeper\.(n_trials|n_jobs|direction|study_name|max_failure_rate|sampler\.[a-z_]+)"
    r"=[\w.+-]*"
)
NAME = re.compile(r"[^\s./\\\0][^/\\\0]*(/[^\s./\\\0][^/\\\0]*)*")
MOST_BYTES, MOST_VALUES = 1_000_000, 100_000  # of one config file
MOST_FILES = 10_000  # of a folder of configs
_ENVIRONMENT = re.compile(r"\boc\s*\.\s*env\b")


def vetted(words: Sequence[str]) -> list[str]:
    """The words of a command line, sweep files expanded; UserError for what is refused."""
    out: list[str] = []
    for word in words:
        flag = word.partition("=")[0]
        if flag in REFUSED_FLAGS:
            raise UserError(f"{flag} is refused: {REFUSED_FLAGS[flag]}")
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
    if key.startswith("+"):
        raise UserError(f"{key}: keys are not added; every knob is in `--help`, without the +")
    vet_word(word)


def vet_word(word: str) -> None:
    """UserError for an override, as Hydra is to have it, that could run code."""
    key = word.partition("=")[0].strip()
    if "_target_" in word:
        raise UserError(f"{word!r}: `_target_` is refused: a config names things, not code")
    if _ENVIRONMENT.search(word):
        raise UserError(f"{key}: ${{oc.env:...}} is refused; write the value")
    if re.match(r"[+~]*hydra\b", key) and not SEARCH.fullmatch(word):
        raise UserError(
            f"{key} is not for the command line; of Hydra's own keys only a search's are, such as "
            "hydra.sweeper.n_trials=20"
        )


def is_name(config_path: str) -> bool:
    """Whether it names a config, "task/bin_pick", and does not lead out of the folders of ours."""
    return NAME.fullmatch(config_path) is not None


def vet_folder(folder: Path) -> None:
    """Every YAML file of a --config-dir, before Hydra opens one."""
    if not folder.is_dir():
        raise UserError(f"--config-dir {folder}: there is no such folder")
    for file in sorted(_files(folder)):
        content = read_yaml(file)
        text = read_text(file)
        if _ENVIRONMENT.search(text):
            raise UserError(f"{file}: ${{oc.env:...}} is refused; write the value")
        beside = file.relative_to(folder).parts[0] == "hydra"
        inside = isinstance(content, dict) and "hydra" in content
        task = content.get("task") if isinstance(content, dict) else None
        name = task.get("name", file.stem) if isinstance(task, dict) else file.stem
        if file.parent.name == "task" and name != file.stem:
            raise UserError(
                f"{file}: task.name is {name!r}, and must be the file's: {file.stem}; to vary a "
                "task, name it under defaults and leave task.name away"
            )
        if beside or inside or re.search(r"@package[^\n]*hydra|^\s*-[^\n]*\bhydra/", text, re.M):
            raise UserError(f"{file}: a config file of yours may not set up Hydra itself")


def _files(folder: Path) -> Iterator[Path]:
    """The YAML files in a folder and below, through links too, as Hydra finds them."""
    seen: set[str] = set()
    count = 0
    for place, folders, files in os.walk(folder, followlinks=True):
        here = os.path.realpath(place)
        if here in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(here)
        count += len(folders) + len(files)
        if count > MOST_FILES:
            raise UserError(f"{folder}: more than {MOST_FILES} files; that is no folder of configs")
        yield from (Path(place, name) for name in files if name.endswith((".yaml", ".yml")))


def read_yaml(file: Path) -> Any:
    """A YAML file as plain data; UserError for tags, bombs and what is not YAML."""
    try:
        content = yaml.safe_load(read_text(file))
    except yaml.YAMLError as error:
        what = " ".join(str(getattr(error, "problem", None) or error).split())
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise UserError(f"{where}: not plain YAML: {what}") from error
    except RecursionError as error:
        raise UserError(f"{file}: nested too deep; that is no config") from error
    refuse_code(content, str(file))
    return content


def read_text(file: Path) -> str:
    """A config file's text; UserError for what is none."""
    try:
        return regular.read(file, MOST_BYTES).decode()
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: not plain YAML: it is not UTF-8 ({error.reason})") from error


def _sweep_file(file: Path) -> list[str]:
    """The words of a sweep file: a mapping of keys to one value or a list of values, each read as
    if it were typed, not by the looks that YAML goes by (010, on, 2026-10-05)."""
    content = read_yaml(file)
    if not isinstance(content, dict) or not content:
        raise UserError(f"{file}: a sweep file maps keys to a value or a list of values")
    words = ["-m"]
    for key, value in yaml.compose(read_text(file), yaml.SafeLoader).value:
        values = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if not values or not all(isinstance(v, yaml.ScalarNode) and _has_value(v) for v in values):
            raise UserError(f"{file}: {key.value}: give one value or a list of plain values")
        if str(key.value).startswith("pool.address"):
            raise UserError(f"{file}: pool.address is for the command line")
        word = f"{key.value}=" + ",".join(_typed(v) for v in values)
        _vet_override(word)
        words.append(word)
    return words


def _has_value(scalar: yaml.ScalarNode) -> bool:
    return scalar.style is not None or scalar.value not in ("", "~", "null")


def _typed(scalar: yaml.ScalarNode) -> str:
    """A value as one types it: what has quotes or needs them is text."""
    if scalar.style is None and re.fullmatch(r"[^,'\"\[\]{}()]*", scalar.value):
        return str(scalar.value)
    return quoted(scalar.value)


def quoted(text: str) -> str:
    """Text in quotes, as Hydra's grammar has them."""
    mark = '"' if "'" in text and '"' not in text else "'"
    return mark + re.sub(rf"(\\*)({mark}|\Z)", _escaped, text) + mark


def _escaped(found: re.Match[str]) -> str:
    """Backslashes count before a quote only, and there are doubled."""
    return found[1] * 2 + (f"\\{found[2]}" if found[2] else "")
