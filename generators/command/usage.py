"""The help texts, read from the conf files as text: no Hydra, so they come at once."""

from __future__ import annotations

from generators.command.verbs import VERBS
from generators.config.conf_folder import CONF
from generators.config.groups import options

TAIL = """\
also:  --cfg job   print the composed config and stop
       -m          sweep: key=a,b runs every combination
"""


def overview() -> str:
    """What `cellwright --help` says."""
    lines = ["cellwright VERB key=value ...: robot training data for manufacturing", ""]
    lines += [f"  {name:9} {_text(name)[0].removeprefix('# ')}" for name in VERBS]
    lines += ["", "cellwright VERB --help      every key of a verb, with its default"]
    lines += ['eval "$(cellwright -sc install=bash)"      completion in this shell']
    return "\n".join(lines)


def verb(name: str) -> str:
    """What `cellwright VERB --help` says: the head of its conf file, its keys, its groups."""
    lines = _text(name)
    body = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    head = [line.removeprefix("#").removeprefix(" ") for line in lines[:body]]
    out = [f"cellwright {name}: {head[0]}", *head[1:], "", "keys"]
    keys = lines[body:]
    start = next((i for i, line in enumerate(keys) if line.startswith("defaults:")), 0)
    keys = keys[:start] + [line for line in keys[start + 1 :] if not line.startswith("  - ")]
    out += [f"  {line}" for line in keys if line.strip()]
    chosen = groups(name)
    if chosen:
        out += ["", "groups (group=option; group.key=value for what is inside)"]
    for group, option in chosen.items():
        default = "needed" if option == "???" else f"default {option}"
        out.append(f"  {group:9} {' | '.join(options(group))}  ({default})")
    return "\n".join([*out, "", TAIL.rstrip()])


def groups(name: str) -> dict[str, str]:
    """The config groups of a verb, with the option that is taken where none is given."""
    chosen: dict[str, str] = {}
    for line in _text(name):
        group, _, option = line.partition("#")[0].strip().removeprefix("- ").partition(": ")
        if line.startswith("  - ") and option and not group.startswith("override"):
            chosen[group] = option
    return chosen


def _text(name: str) -> list[str]:
    return (CONF / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
