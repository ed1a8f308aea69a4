"""The words after a verb: sorted into flags and keys, keys as Hydra takes them; and the right form
of what is neither."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from episodes.errors import UserError, nearest
from episodes.value_types import Flag, LocalPath
from generators.command import usage
from generators.command.spelling import spelled
from generators.command.verb_keys import KEYS, kind_of
from generators.config import groups

ALONE = {"-m": "many", "--multirun": "many", "--resolve": "resolve"}
WITH_VALUE = {
    "--cfg": "--cfg", "-c": "--cfg", "--package": "--package", "-p": "--package",
    "--config-dir": "--config-dir", "-cd": "--config-dir",
}  # fmt: skip
SHOWN = ("job", "hydra", "all")  # what --cfg can print
# mappings whose keys are the user's own; Hydra would have to be told with a + that a key is new
OPEN = ("ratio.", "cameras.", "options.", "filter.")
CUTTABLE = ("scene.", "camera.", "look.")  # what ~key may take something out of
EVERY = "all"  # of a group, in a sweep
# what other commands call our keys
OTHER_NAMES = {
    "out": ("output", "o", "dest", "destination", "output_dir", "out_dir"),
    "src": ("source", "input", "i", "library", "dataset", "from"),
    "episodes": ("n", "num_episodes", "count"),
    "workers": ("j", "jobs", "num_workers", "processes"),
    "format": ("f", "to", "type"),
    "image_size": ("resolution", "size"),
}


@dataclass(frozen=True)
class CommandLine:
    """keys: `key=value` and `~key`. folders: of --config-dir. many: a sweep. shown: what --cfg is
    to print of the config, whole or one package of it, with interpolations resolved or not."""

    keys: tuple[str, ...]
    folders: tuple[Path, ...] = ()
    many: bool = False
    shown: str | None = None
    package: str | None = None
    resolve: bool = False


def sort(verb: str, words: Sequence[str]) -> CommandLine:
    """The words by what they are. UserError for one that is neither a flag that we have nor
    key=value, with the right form of the command."""
    keys: list[str] = []
    folders: list[Path] = []
    flags: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if word in ALONE:
            flags[ALONE[word]] = True
        elif flag in WITH_VALUE:
            name, value = WITH_VALUE[flag], value if equals else "".join(rest[:1])
            del rest[: not equals]
            if not value:
                raise UserError(f"{flag} needs a value: {_example(flag)}")
            if name == "--cfg" and value not in SHOWN:
                raise UserError(f"{flag} {value}: {_example(flag)}")
            if name == "--config-dir":
                folders.append(Path(value).expanduser())
            else:
                flags["shown" if name == "--cfg" else "package"] = value
        elif word.startswith("-") or (not equals and not word.startswith("~")):
            raise UserError(_right_form(verb, words, word))
        else:
            keys.append(word)
    return CommandLine(tuple(keys), tuple(folders), **flags)


def overrides(verb: str, keys: Sequence[str], many: bool = False) -> list[str]:
    """`key=value` words as Hydra is to have them. many: in a sweep.

    UserError for what no command line may set.
    """
    return [_override(verb, word, many) for word in keys]


def _override(verb: str, word: str, many: bool) -> str:
    key, _, value = word.partition("=")
    if key.startswith("~") and not key[1:].startswith(CUTTABLE):
        raise UserError(f"{key}: only what is inside scene, camera and look can be left out")
    group, _, inside = key.partition(".")
    if inside == "name" and group in usage.groups(verb):
        raise UserError(f"{key} is not set: choose {group}={value or 'NAME'}")
    if key.startswith(("~", "hydra")):
        return word
    if value == EVERY and key in usage.groups(verb) and EVERY not in groups.options(key):
        if not many:
            raise UserError(f"{word} is a sweep: write -m {word}")
        return f"{key}={','.join(groups.options(key))}"
    boxed = key in KEYS[verb] and key not in usage.groups(verb) and bool(groups.options(key))
    word = spelled(word, kind_of(verb, key), boxed)
    return f"++{word}" if word.startswith(OPEN) else word


def _example(flag: str) -> str:
    if WITH_VALUE[flag] == "--config-dir":
        return "--config-dir FOLDER has options of your own"
    return "--cfg job prints the config" if WITH_VALUE[flag] == "--cfg" else "--package scene"


def _right_form(verb: str, words: Sequence[str], wrong: str) -> str:
    """The line for a command in the manner of others: how it is written here."""
    mended = _mended(verb, words)
    if mended is None:
        return f"cannot read {wrong!r} as key=value; `cellwright {verb} --help` has every key"
    return f"keys are written key=value: {shlex.join(['cellwright', verb, *mended])}"


def _mended(verb: str, words: Sequence[str]) -> list[str] | None:
    """The words as they should be; None where one of them cannot be understood."""
    out: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word in ALONE or name in WITH_VALUE:
            out += [word, *([rest.pop(0)] if name in WITH_VALUE and not equals and rest else [])]
            continue
        key = _key(verb, name)
        if key is None and not equals and not word.startswith("-"):
            word = _guessed(verb, word, out) or ""
        elif key is None:
            return None
        elif equals and (value or not rest):
            word = f"{key}={value}"
        elif not equals and isinstance(KEYS[verb].get(key), Flag) and rest[:1] not in BOTH:
            word = f"{key}=true"
        else:
            value = next((w.removeprefix("=") for w in _taken(rest)), "")
            word = f"{key}={value}" if value else ""
        if not word:
            return None
        out.append(word)
    return out


BOTH = (["true"], ["false"], ["="])


def _taken(rest: list[str]) -> list[str]:
    """The next word as a value, taken away; a "=" of its own does not count."""
    while rest and not rest[0].startswith("-"):
        word = rest.pop(0)
        if word != "=":
            return [word]
    return []


def _key(verb: str, name: str) -> str | None:
    """The key that a name or a flag of other commands means."""
    keys = [*usage.groups(verb), *(key for key in KEYS[verb] if "." not in key)]
    plain = name.lstrip("-").replace("-", "_")
    if plain in keys or ("." in plain and not plain.startswith(".")):
        return plain
    for key, others in OTHER_NAMES.items():
        if key in keys and plain in others:
            return key
    if not name.startswith("-"):
        return None
    begin = [key for key in keys if key.startswith(plain)]
    return begin[0] if len(begin) == 1 else nearest(plain, keys, 0.7)


def _guessed(verb: str, word: str, before: Sequence[str]) -> str | None:
    """`key=word` for the option of a group, a choice or a path that stands alone."""
    given = {one.partition("=")[0] for one in before}
    for group in usage.groups(verb):
        if group not in given and word in groups.options(group):
            return f"{group}={word}"
    for key, kind in KEYS[verb].items():
        if key not in given and word in kind.offers():
            return f"{key}={word}"
    places = [k for k, kind in KEYS[verb].items() if isinstance(kind, LocalPath) and k not in given]
    there = [k for k in places if k != "out"] if Path(word).exists() else ["out"]
    return next((f"{k}={word}" for k in there if k in places), None)
