"""docs/success.md: how often each task's expert succeeds, every attempted seed counted.

    python scripts/success.py [tasks=A,B] [robots=default|all|ur5,iiwa] [episodes=100] [workers=2]

Episodes 0 .. N-1 of seed 0, without pictures. `robots=all` is every arm with the task's tool. An
arm for which none of the first layouts can be reached cannot do the task: it is listed with the
reason, which names what to change. docs/success.json is written every few episodes; a run that was
cut short goes on where it stopped, as long as the code is the same.
"""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from episodes.errors import UserError  # noqa: E402
from generators import run, tasks  # noqa: E402
from generators.command import hydra_app  # noqa: E402
from sim.robots import card  # noqa: E402

DATA, PAGE = ROOT / "docs" / "success.json", ROOT / "docs" / "success.md"
CODE = ("assets", "conf", "episodes", "generators", "scenes", "sim")  # what results depend on
REFUSED = 3  # so many first layouts without one in reach: the arm cannot do the task
NO_CELL = "no cell: "
HEAD = """# How often the experts succeed

Written by `make success`. Every attempted seed is counted, and nothing is tried again; episodes are
0 to N-1 of seed 0. Each arm has the tool that the task asks for, else its usual one; the task's own
robot is set in bold. Choose another with `robot=NAME` (see [robots and tools](robots.md)).

"""
DETAILS = """
The interval is the 95 % one of Wilson (1927).

| task | robot and tool | succeeded | rate | 95 % interval | failed: episode and cause |
|---|---|---|---|---|---|
"""

Result = dict[str, Any]


def main() -> None:
    asked = {"tasks": "", "robots": "default", "episodes": "100", "workers": "2"}
    asked |= dict(word.split("=", 1) for word in sys.argv[1:])
    found: dict[str, Result] = json.loads(DATA.read_text()) if DATA.exists() else {}
    context = multiprocessing.get_context("spawn")
    names = asked["tasks"].split(",") if asked["tasks"] else tasks.names()
    version, workers, episodes = code(), int(asked["workers"]), int(asked["episodes"])
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        for task in names:
            own = composed(task, "")["robot"]["card"]
            for arm in _arms(asked["robots"]):
                config = composed(task, arm)
                robot = config["robot"]["card"]
                key = f"{task} {robot}"
                kept = found.get(key, {})
                made = causes(kept) if version and kept.get("code") == version else []
                while len(made) < episodes and not refusal(made):
                    batch = range(len(made), min(len(made) + 4 * workers, episodes))
                    made += pool.map(partial(one, config), batch)
                    found[key] = {**measured(made), "default": robot == own, "code": version}
                    DATA.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
                    PAGE.write_text(page(found))
                print(f"{key}: {told(found[key])}", flush=True)


def _arms(asked: str) -> list[str]:
    """ "" stands for the task's own robot."""
    if asked == "default":
        return [""]
    return card.arms() if asked == "all" else asked.split(",")


def composed(task: str, arm: str) -> dict[str, Any]:
    words = [f"task={task}", "out=none", "renderer=none"] + ([f"robot={arm}"] if arm else [])
    return hydra_app.composed("generate", words)


def one(config: dict[str, Any], index: int) -> str:
    """The cause of failure of an episode, "" for success."""
    try:
        episode = run.make_episode(config, 0, index)
    except UserError as error:
        return NO_CELL + str(error)
    return "" if episode.success else episode.failure


def refusal(made: Sequence[str]) -> str:
    """Why an arm cannot do a task, if it got no cell in any of the first episodes; else ""."""
    if len(made) < REFUSED or not all(cause.startswith(NO_CELL) for cause in made):
        return ""
    return made[0].removeprefix(NO_CELL)


def measured(made: Sequence[str]) -> Result:
    """What is kept of the causes of failure ("" for success) of episodes 0, 1 and so on."""
    failed = {str(index): cause for index, cause in enumerate(made) if cause}
    out = {"episodes": len(made), "succeeded": len(made) - len(failed), "failed": failed}
    return {**out, "cannot": refusal(made)}


def causes(result: Result) -> list[str]:
    """The causes that `measured` was given."""
    return [result["failed"].get(str(index), "") for index in range(result["episodes"])]


def told(result: Result) -> str:
    """A result in one line: how many succeeded, and the failed episodes by cause."""
    if result.get("cannot"):
        return f"cannot: {result['cannot']}"
    return f"{result['succeeded']} of {result['episodes']}; failed: {_failed(result)}"


def _failed(result: Result) -> str:
    """ "ik_unreachable: 3, 7; timeout: 12"; "none"."""
    short = {index: cause[:60] for index, cause in result["failed"].items()}
    return (
        "; ".join(
            f"{cause}: " + ", ".join(index for index, c in short.items() if c == cause)
            for cause in sorted(set(short.values()))
        )
        or "none"
    )


def code() -> str:
    """A digest of the code that is committed, "" where files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False
        )
        return done.stdout if done.returncode == 0 else "unknown"

    if git("status", "--porcelain", "--", *CODE):
        return ""
    return hashlib.sha256(git("ls-tree", "HEAD", "--", *CODE).encode()).hexdigest()[:12]


def wilson(succeeded: int, episodes: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share (Wilson 1927)."""
    share = succeeded / episodes
    middle = share + z * z / (2 * episodes)
    half = z * math.sqrt(share * (1 - share) / episodes + z * z / (4 * episodes**2))
    scale = 1 + z * z / episodes
    return (middle - half) / scale, (middle + half) / scale


def page(found: Mapping[str, Result]) -> str:
    """The grid of tasks and arms, what cannot be done and why, and every result in detail."""
    return HEAD + _grid(found) + _refused(found) + DETAILS + _details(found)


def _grid(found: Mapping[str, Result]) -> str:
    cells: dict[str, dict[str, str]] = {}
    for key, result in sorted(found.items()):
        task, _, robot = key.partition(" ")
        said = f"{result['succeeded']} of {result['episodes']}"
        said = "cannot" if result.get("cannot") else f"**{said}**" if result["default"] else said
        cells.setdefault(task, {})[robot.partition("+")[0]] = said
    rows = [["task", *card.arms()], ["---"] * (1 + len(card.arms()))]
    rows += [[f"`{t}`", *(row.get(arm, "") for arm in card.arms())] for t, row in cells.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _refused(found: Mapping[str, Result]) -> str:
    """Why arms cannot do tasks, a line each; "" if all can."""
    lines = [f"- `{key.partition(' ')[0]}` on {key.partition(' ')[2]}: {result['cannot']}"
             for key, result in sorted(found.items()) if result.get("cannot")]  # fmt: skip
    if not lines:
        return ""
    return "\nWhat cannot be done, and what would have to change:\n\n" + "\n".join(lines) + "\n"


def _details(found: Mapping[str, Result]) -> str:
    rows = []
    order = sorted(found.items(), key=lambda kv: (kv[0].split()[0], not kv[1]["default"], kv[0]))
    for key, result in order:
        if result.get("cannot"):
            continue
        task, robot = key.split(" ", 1)
        low, high = wilson(result["succeeded"], result["episodes"])
        own = " (default)" if result["default"] else ""
        rate = 100 * result["succeeded"] / result["episodes"]
        rows.append(
            f"| `{task}` | {robot}{own} | {result['succeeded']} of {result['episodes']} | "
            f"{rate:.0f} % | {100 * low:.0f} to {100 * high:.0f} % | {_failed(result)} |"
        )
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
