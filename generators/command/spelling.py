"""Words of the command line, spelled so that Hydra reads what was typed.

Hydra's grammar knows the letters a to z and reads values by their looks: 2026_10_05 is the number
20261005 to it, 1e3 is 1000.0, and a word in Hangul is an error. Here each value is put into quotes
where its key takes text (`verb_keys`), or where Hydra would lose something of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from episodes.value_types import Maybe, ValueType
from generators.config.vetting import quoted

SWEEP = re.compile(r"(choice|range|interval|glob|shuffle|sort|tag)\(.*\)", re.S)
CAST = re.compile(r"(int|float|str|bool|json_str)\(.*\)", re.S)
QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.S)
NAME = re.compile(r"[A-Za-z_/][\w./-]*|\.{1,2}(/[\w./-]*)?", re.A)
KEY = re.compile(r"[A-Za-z_][\w-]*|0|[1-9]\d*", re.A)
READ_BY_HYDRA = re.compile(r"([\w/\-+.$%*@?|: \t]|\\[\\()\[\]{}:=, \t]|\$\{[^{}]*\})*", re.A)
NOT_AS_TYPED = re.compile(r"[+-]?\d[\d._]*_[\d._]*([eE][+-]?[\d_]+)?")  # 2026_10_05
NOT_TEXT = ("true", "false", "null", "nan", "inf")
BOX = "value"
FOREIGN = re.compile(r"\$u([0-9a-f]+)\$")


def spelled(word: str, kind: ValueType, boxed: bool = False) -> str:
    """`key=value`, of a key of that kind, as Hydra is to have it. boxed: see `unboxed`."""
    key, equals, value = word.partition("=")
    try:
        spelled = _ValueParser(value).sweep(kind, boxed)
    except _Unbalanced:  # Hydra says what is wrong with it
        spelled = value
    return _foreign(key, r"[^\x00-\x7f]") + equals + spelled


def unboxed(value: Any) -> Any:
    """The value of a key that is called as a config group is: `robot=ur5` of `import`. Hydra would
    look for it in conf/robot/, but takes a mapping for what it is."""
    return value[BOX] if isinstance(value, dict) and set(value) == {BOX} else value


def original(key: str) -> str:
    """A key of a composed config as it was typed."""
    return FOREIGN.sub(lambda found: chr(int(found[1], 16)), key)


class _Unbalanced(Exception):
    """A bracket that is opened and not closed, or the other way round."""


class _ValueParser:
    """Reads a value from left to right and spells it anew."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def sweep(self, kind: ValueType, boxed: bool) -> str:
        """The whole value: one element, or several with commas between them."""
        parts = [self.element(kind, ",")]
        while self.at < len(self.text):
            self.take(",")
            parts.append(self.element(kind, ","))
        return ",".join(f"{{{BOX}:{part}}}" if boxed else part for part in parts)

    def element(self, kind: ValueType, ends: str) -> str:
        self.space()
        start = self.text[self.at :]
        if start.startswith("["):
            return self.between("[", "]", lambda: self.element(kind, ",]"))
        if start.startswith("{"):
            return self.between("{", "}", lambda: self.pair(kind))
        whole = QUOTED.match(start)
        if ends == ",":
            whole = whole or SWEEP.match(start) or (not kind.verbatim and CAST.match(start)) or None
        if whole and start[whole.end() :].lstrip()[:1] in ("", *ends):
            self.at += whole.end()
            self.space()
            return whole[0]
        return _bare(self.bare(ends), kind)

    def between(self, left: str, right: str, item: Callable[[], str]) -> str:
        """A container with all its items."""
        self.take(left)
        items: list[str] = []
        self.space()
        while not self.text.startswith(right, self.at):
            items.append(item())
            if not self.text.startswith(right, self.at):
                self.take(",")
        self.take(right)
        self.space()
        return left + ",".join(items) + right

    def pair(self, kind: ValueType) -> str:
        name = self.bare(":").strip()
        self.take(":")
        return f"{_key(name)}:{self.element(kind.inside(name), ',}')}"

    def bare(self, ends: str) -> str:
        """Text up to one of the characters `ends`, or to the end; a backslash keeps a comma."""
        pattern = rf"(\\,|\$\{{[^{{}}]*\}}|\([^()]*\)|[^{re.escape(ends)}])*"
        found = re.compile(pattern, re.S).match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return found[0]

    def take(self, mark: str) -> None:
        if not self.text.startswith(mark, self.at):
            raise _Unbalanced
        self.at += len(mark)

    def space(self) -> None:
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1


def _bare(text: str, kind: ValueType) -> str:
    """A value without quotes of its own."""
    text = text.strip()
    if text.lower() not in NOT_TEXT and NAME.fullmatch(text):
        return text
    if kind.verbatim:
        if text == "null" and isinstance(kind, Maybe):
            return text
        return quoted(text.replace("\\,", ",")) if text else text
    if READ_BY_HYDRA.fullmatch(text) and (kind.numeric or not NOT_AS_TYPED.fullmatch(text)):
        return text
    return quoted(text)


def _key(name: str) -> str:
    """A key inside a mapping: Hydra has no quotes for those."""
    if KEY.fullmatch(name) and name.lower() not in NOT_TEXT:
        return name
    return _foreign(name[:1], ".") + _foreign(name[1:], "[^A-Za-z]")


def _foreign(text: str, letters: str) -> str:
    return re.sub(letters, lambda found: f"$u{ord(found[0]):x}$", text, flags=re.S)
