"""What a message tells to type can be typed: every remedy of the source, collected."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from episodes.value_types import ValueType
from generators.command import usage
from generators.command.spelling import spelled
from generators.command.verb_keys import KEYS, kind_of
from generators.command.verbs import VERBS

ROOT = Path(__file__).parents[3]
HOLE = "\u00a7"  # what an f-string fills in
NOT_FOR_PEOPLE = {  # strings of Python's or Hydra's, and a script
    "episodes/episode.py", "episodes/torch.py", "episodes/mix/loader.py", "generators/envs.py",
    "episodes/mix/instructions.py", "episodes/mix/passes.py",
    "generators/command/completion.py", "generators/command/hydra_app.py",
    "generators/config/search_path.py", "generators/config/vetting.py",
    "generators/command/verbs/smoke.py", "sim/env.py",
}  # fmt: skip
WHOSE = {"episodes/formats/": {"import", "export"}, "episodes/mix/": {"mix", "check"}}  # messages
# x=§ of a point, a part's parameter, pip's own syntax, Python's, our own words
OTHER_WORDS = {
    "x",
    "y",
    "z",
    "bpy",
    "kw_only",
    "install",
    "query",
    "key",
    "group",
    "group.key",
    "kinematics",
}
WORD = re.compile(r"""(?<![\w.{/('"-])(["'])?([a-z][\w.]*)=([^\s;)`'"]*)""")
DOTTED = re.compile(r"(?<![\w./-])((?:scene|task|camera|look|physics|robot|pool)(?:\.[a-z_]+)+)")


@cache
def messages() -> tuple[tuple[str, str], ...]:
    """(file, text) for every string of the source that is no docstring, with holes in it."""
    return tuple(_messages())


def _messages() -> Iterator[tuple[str, str]]:
    for floor in ("episodes", "generators", "scenes", "sim"):
        for file in sorted((ROOT / floor).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            if name in NOT_FOR_PEOPLE:
                continue
            tree = ast.parse(file.read_text(encoding="utf-8"))
            inner: set[int] = set()
            for node in ast.walk(tree):
                if isinstance(node, ast.Expr):  # a docstring
                    inner.add(id(node.value))
                if isinstance(node, ast.JoinedStr):
                    inner |= {id(part) for part in node.values}
                    yield name, "".join(map(_text, node.values))
                elif id(node) not in inner and (text := _text(node)) != HOLE:
                    yield name, text


def _text(part: ast.AST) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else HOLE


def words() -> list[tuple[str, str, str, str, str]]:
    """(file, message, quote, key, value) for every key=value that a message has."""
    return [
        (name, text, quote or "", key, value.rstrip(":,"))
        for name, text in messages()
        for quote, key, value in WORD.findall(text)
        if key not in OTHER_WORDS and "Mix(" not in text
    ]


@cache
def keys_in_groups() -> set[str]:
    """`scene.bench.height_mm` and the like, of all options of all groups."""
    found: set[str] = set()
    for file in (ROOT / "conf").rglob("*/*.yaml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        whole = "@package _global_" in file.read_text(encoding="utf-8")
        found |= set(_flat(content, "" if whole else file.parent.name))
    return found


def _flat(value: Any, prefix: str) -> Iterator[str]:
    yield prefix
    for key, inside in value.items() if isinstance(value, dict) else ():
        yield from _flat(inside, f"{prefix}.{key}".lstrip("."))


def verbs_with(key: str) -> list[str]:
    head = key.partition(".")[0]
    return [
        verb
        for verb in VERBS
        if key in KEYS[verb]
        or key in usage.groups(verb)
        or (key in keys_in_groups() and "task" in usage.groups(verb))
        or ("." in key and type(kind_of(verb, head).inside("x")) is not ValueType)
        or ("." in key and head in ("options", "ratio", "cameras") and head in KEYS[verb])
    ]


def test_there_are_remedies_to_look_at() -> None:
    assert len(words()) > 80


@pytest.mark.parametrize(("file", "message", "quote", "key", "value"), words())
def test_a_remedy_can_be_typed(file: str, message: str, quote: str, key: str, value: str) -> None:
    own = next((verbs for folder, verbs in WHOSE.items() if file.startswith(folder)), set(VERBS))
    verbs = [verb for verb in verbs_with(key) if verb in own]
    assert verbs, f"{file}: {' and '.join(own)} have no key {key}: {message}"
    if set("[]{}()") & set(value):
        assert quote, f'{file}: a shell has plans for "{key}={value}": {message}'
    if HOLE in value or "..." in value or not value or value.isupper():
        return  # what it is depends on the case
    OverridesParser.create().parse_overrides([spelled(f"{key}={value}", kind_of(verbs[0], key))])


@pytest.mark.parametrize(
    ("file", "key"),
    sorted({(name, key) for name, text in messages() for key in DOTTED.findall(text)}),
)
def test_a_key_that_is_named_is_one(file: str, key: str) -> None:
    assert key in keys_in_groups() or any(key in KEYS[verb] for verb in VERBS), f"{file}: {key}"


def test_a_command_that_is_named_is_one() -> None:
    for file, text in messages():
        for verb, rest in re.findall(r"`cellwright (\w+)([^`]*)`", text):
            assert verb in VERBS, f"{file}: {text}"
            for key in re.findall(r"(\S+)=", rest):
                assert verb in verbs_with(key), f"{file}: {text}"


def test_an_extra_that_is_named_can_be_installed() -> None:
    extras = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(), re.M)
    for file, text in messages():
        for extra in re.findall(r"cellwright\[(\w+)\]", text):
            assert extra in extras, f"{file}: {text}"
