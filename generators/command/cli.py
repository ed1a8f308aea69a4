"""The command: `cellwright VERB key=value ...`.

Only light modules are imported here: `--help` must answer at once, and every worker process
imports this file again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec

from episodes.errors import NotInstalled, UserError
from generators.command import usage
from generators.command.verbs import VERBS
from generators.config.options import unknown
from generators.production import interrupt

BAD_INPUT, INTERRUPTED = 2, 130
HELP = ("--help", "-h")


def main() -> None:
    """Runs one verb and exits with its code; docs/commands.md lists the codes."""
    interrupt.listen()
    # Before numpy is imported, here and by workers: our matrices are small, workers have a core
    # each, and threads that wait for one another on busy cores cost more than they bring.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        code = dispatch(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # `cellwright list | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception:  # what an import made of a Ctrl-C that it swallowed
        if not interrupt.pressed():
            raise
        code = INTERRUPTED
    sys.exit(code)


def dispatch(words: Sequence[str]) -> int:
    """The exit code of `cellwright WORDS`. Only an exception that is a bug passes through."""
    if not words or words[0] in (*HELP, "help"):
        print(usage.overview())
        return 0 if words else BAD_INPUT
    if words[0] == "--version":
        print(f"cellwright {version('cellwright')}")
        return 0
    try:
        if words[0] in ("-sc", "--shell-completion"):
            from generators.command import completion

            print(completion.answer(words[1] if len(words) > 1 else ""))
            return 0
        verb, rest = words[0], list(words[1:])
        if verb not in VERBS:
            raise UserError(unknown("verb", verb, VERBS))
        if any(word in HELP for word in rest):
            print(usage.verb(verb))
            return 0
        return _run(verb, rest)
    except Exception as error:
        from generators.command import problems

        line = problems.one_line(error, words)
        if line is None:
            raise
        print(f"cellwright: {line}", file=sys.stderr)
        return int(getattr(error, "exit_code", BAD_INPUT))


def _run(verb: str, words: Sequence[str]) -> int:
    if find_spec("hydra") is None:
        raise NotInstalled("the command needs pip install 'cellwright[sim]', on Python 3.11")
    from generators.command import hydra_app
    from generators.command.words import sort
    from generators.config import vetting

    return hydra_app.run(verb, sort(verb, vetting.vetted(words)))
