"""`python -m cellwright VERB key=value ...`: the command, by the interpreter that is named."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder, whose modules are not ours
    from pathlib import Path

    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from generators.command.cli import main

    main()
