"""The command: `cellwright VERB key=value ...`.

Only light modules are imported here: `--help` must answer at once, and every worker process
imports this file again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from importlib.metadata import version
from importlib.util import find_spec

from episodes import children
from episodes.errors import Exit, NotInstalled, describe, unknown
from episodes.shown import Harmless, shown
from generators.command import usage
from generators.command.streams import StandardStreams
from generators.command.verbs import VERBS
from generators.production import interrupt

HELP = ("--help", "-h")


def main() -> None:
    """Runs one verb and exits with its code; docs/commands.md lists the codes."""
    interrupt.listen()
    streams = StandardStreams()
    # Before numpy is imported, here and by workers: our matrices are small, workers have a core
    # each, and threads that wait for one another on busy cores cost more than they bring.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ[children.VARIABLE] = "1"  # in every process that comes of this one
    try:
        code = dispatch(sys.argv[1:])
        if lost := streams.lost():
            print(f"cellwright: {lost}", file=sys.stderr)
            code = code or Exit.WRITE_FAILED
    except KeyboardInterrupt:
        code = Exit.STOPPED
    except Exception:  # what an import made of a Ctrl-C that it swallowed
        if not interrupt.pressed():
            raise
        code = Exit.STOPPED
    sys.exit(code)


def dispatch(words: Sequence[str]) -> Exit:
    """How `cellwright WORDS` ends. Only an exception that is a bug passes through."""
    if not words or words[0] in (*HELP, "help"):
        print(usage.overview())
        return Exit.DONE if words else Exit.BAD_INPUT
    if words[0] == "--version":
        print(f"cellwright {version('cellwright')}")
        return Exit.DONE
    try:
        if words[0] in ("-sc", "--shell-completion"):
            from generators.command import completion

            print(completion.answer(words[1] if len(words) > 1 else ""))
            return Exit.DONE
        verb, rest = words[0], list(words[1:])
        if verb not in VERBS:
            raise unknown("verb", verb, VERBS)
        if any(word in HELP for word in rest):
            print(usage.verb(verb))
            return Exit.DONE
        return _run(verb, rest)
    except Exception as error:
        described = describe(error) or _described(error, words)
        if described is None:
            raise
        line, code = described
        print(f"cellwright: {shown(line)}", file=sys.stderr)
        return code


def _described(error: Exception, words: Sequence[str]) -> tuple[str, Exit] | None:
    from generators.command import problems  # heavy, and no more to be had without descriptors

    return problems.describe(error, words)


def _run(verb: str, words: Sequence[str]) -> Exit:
    if find_spec("hydra") is None:
        raise NotInstalled("the command needs pip install 'cellwright[sim]', on Python 3.11")
    from generators.command import hydra_app
    from generators.command.words import sort
    from generators.config import vetting

    # what verbs print holds names and texts of others
    with redirect_stdout(Harmless(sys.stdout)) if sys.stdout else nullcontext():
        return hydra_app.run(verb, sort(verb, vetting.vetted(words)))
