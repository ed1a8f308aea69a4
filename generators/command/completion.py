"""What a shell offers at the TAB key: verbs, keys, options of groups, values and paths.

All but the keys inside groups comes from text and types, without Hydra, so that it comes at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.value_types import LocalPath
from generators.command import usage
from generators.command.verb_keys import KEYS
from generators.command.verbs import VERBS
from generators.config import groups

FLAGS = ("--help", "--cfg", "--config-dir", "-m")
SPECIAL = re.compile(r"[\s'\"\\$&;()<>|*?\[\]{}!`#]")  # what a shell would want quoted
FROM_TASKS = ("scene", "physics")  # what a task's file brings beside itself
# bash calls with the line in COMP_LINE and reads one offer a line; where `=` parts words for it, it
# wants what follows the last one
BASH = """\
_cellwright() {
    local IFS=$'\\n' word="${COMP_LINE##* }"
    COMPREPLY=($(COMP_LINE="$COMP_LINE" cellwright -sc query=bash))
    case "$COMP_WORDBREAKS" in
        *=*) COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*=}"}"}") ;;
    esac
}
complete -o nospace -F _cellwright cellwright"""
SCRIPTS = {
    "bash": BASH,
    "zsh": f"autoload -U +X bashcompinit && bashcompinit\n{BASH}",
    "fish": "complete -c cellwright -f -a "
    "'(env COMP_LINE=(commandline -cp | string collect) cellwright -sc query=fish)'",
}


def answer(asked: str) -> str:
    """What `cellwright -sc ASKED` prints: install=SHELL, or query=SHELL for the line COMP_LINE."""
    what, _, shell = asked.partition("=")
    if what not in ("install", "query") or shell not in SCRIPTS:
        raise UserError('completion is installed with eval "$(cellwright -sc install=bash)"')
    if what == "install":
        return SCRIPTS[shell]
    return "\n".join(offers(os.environ.get("COMP_LINE", "")))


def offers(line: str) -> list[str]:
    """What the last word of a line can become; a space ends what is complete."""
    words = line.split(" ")[1:]
    if len(words) < 2:
        return [f"{verb} " for verb in VERBS if verb.startswith("".join(words))]
    verb, before, word = words[0], words[1:-1], words[-1]
    if verb not in VERBS:
        return []
    if word.startswith("-"):
        found: Iterable[str] = (f"{flag} " for flag in FLAGS if flag not in before)
    elif "=" in word:
        found = _values(verb, word, many="-m" in before)
    elif "." in word:
        found = _inside(verb, before, word)
    else:
        given = {one.partition("=")[0] for one in before}
        found = _keys(verb, given)
    return [one for one in found if one.startswith(word)]


def _keys(verb: str, given: set[str]) -> Iterator[str]:
    of_verb = usage.groups(verb)
    for key in (*of_verb, *(key for key in KEYS[verb] if "." not in key)):
        if key not in given:
            yield f"{key}="
    for group in (*of_verb, *(FROM_TASKS if "task" in of_verb else ())):
        yield f"{group}."


def _values(verb: str, word: str, many: bool) -> Iterator[str]:
    """Of a sweep, what its last value can become."""
    key, _, value = word.partition("=")
    done, comma, last = value.rpartition(",") if many else ("", "", value)
    before, kind = f"{key}={done}{comma}", KEYS[verb].get(key)
    if key in usage.groups(verb):
        listed = [*groups.options(key), *(["all"] if many and not done else [])]
    else:
        listed = list(kind.offers()) if kind else []
    if isinstance(kind, LocalPath) or (kind and not listed):
        yield from (before + path for path in _paths(last, folders=getattr(kind, "folder", False)))
    yield from (f"{before}{one}{'' if many else ' '}" for one in listed)


def _paths(begun: str, folders: bool) -> Iterator[str]:
    """Files and folders; a folder ends in a slash, since more can follow."""
    head, _, tail = begun.rpartition("/")
    root = Path(f"{head}/" if "/" in begun else ".").expanduser()
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        hidden = entry.name.startswith(".") and not tail.startswith(".")
        if hidden or SPECIAL.search(entry.name):
            continue
        path = begun[: len(begun) - len(tail)] + entry.name
        if entry.is_dir():
            yield f"{path}/"
        elif not folders:
            yield f"{path} "


def _inside(verb: str, before: Sequence[str], word: str) -> Iterator[str]:
    """The keys under `scene.`, as composed with what is given; none where that cannot be."""
    from generators.command import hydra_app

    above = word.rpartition(".")[0]
    try:
        found: Any = hydra_app.tentative(verb, before)
        for name in above.split("."):
            found = found[name]
    except Exception:
        return
    for name, value in found.items() if isinstance(found, Mapping) else ():
        yield f"{above}.{name}." if isinstance(value, Mapping) else f"{above}.{name}="
