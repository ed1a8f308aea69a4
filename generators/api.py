"""What a notebook calls in place of the command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.storage.library import Library
from generators.command import hydra_app
from generators.command.verbs import generate as verb
from generators.config.vetting import quoted


def generate(task: str, out: str | Path, **keys: Any) -> Library:
    """Makes a library of episodes, as `cellwright generate` does, and opens it.

    keys: of the command, nested as they are there: `generate("peg_round", "runs/peg", episodes=100,
    workers=2, scene={"clearance_mm": 0.5}, robot="ur5")`. A library that is there already goes on.
    Workers are processes: a script that calls this needs `if __name__ == "__main__":`.

    UserError: a key or value that cannot be, or episodes that could not be made.
    """
    words = [word for key, value in {"task": task, "out": out, **keys}.items()
             for word in overrides(key, value)]  # fmt: skip
    code = verb.run(hydra_app.composed("generate", words))
    if code:
        raise UserError(f"{out} is not whole (exit code {code}); what is above says why")
    return Library(Path(out))


def overrides(key: str, value: Any) -> Iterator[str]:
    """A key and its value as the command's words; those of a mapping one by one."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from overrides(f"{key}.{name}", inner)
    else:
        yield f"{key}={_literal(value)}"


def _literal(value: Any) -> str:
    """A value in Hydra's grammar; text in quotes, so that it stays text."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_literal, value)) + "]"
    return quoted(str(value))
