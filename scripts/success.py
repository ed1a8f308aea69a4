"""docs/success.md: how often each task's expert succeeds, every attempted seed counted.

    python scripts/success.py [tasks=A,B] [robots=default|all|ur5,iiwa] [episodes=100] [workers=2]

Episodes 0 .. N-1 of seed 0, without pictures. What was measured before stays in docs/success.json
until the same task and robot are measured again; it is written after every one of them, so a run
that is cut short keeps what it has.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from episodes.errors import UserError  # noqa: E402
from generators import hydra_app, run, tasks  # noqa: E402
from sim import card  # noqa: E402

DATA, PAGE = ROOT / "docs" / "success.json", ROOT / "docs" / "success.md"
HEAD = """# How often the experts succeed

Written by `make success`. Every attempted seed is counted, and nothing is tried again; episodes are
0 to N-1 of seed 0. The interval is the 95 % one of Wilson (1927).

| task | robot and tool | succeeded | rate | 95 % interval | failed: episode and cause |
|---|---|---|---|---|---|
"""


def main() -> None:
    asked = {"tasks": "", "robots": "default", "episodes": "100", "workers": "2"}
    asked |= dict(word.split("=", 1) for word in sys.argv[1:])
    found = json.loads(DATA.read_text()) if DATA.exists() else {}
    context = multiprocessing.get_context("spawn")
    names = asked["tasks"].split(",") if asked["tasks"] else tasks.names()
    with ProcessPoolExecutor(int(asked["workers"]), mp_context=context) as pool:
        for task in names:
            for arm in _arms(asked["robots"]):
                try:
                    config = composed(task, arm)
                    tasks.make(config)
                except UserError as error:
                    print(f"{task} on {arm}: {error}")
                    continue
                made = list(pool.map(partial(one, config), range(int(asked["episodes"]))))
                result = measured(made)
                key = f"{task} {config['robot']['card']}"
                found[key] = {**result, "default": not arm, "commit": commit()}
                DATA.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
                PAGE.write_text(page(found))
                print(key, result["succeeded"], "of", result["episodes"], result["failed"])


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
        return f"no cell: {str(error)[:60]}"
    return "" if episode.success else episode.failure


def measured(made: list[str]) -> dict[str, Any]:
    failed = {str(index): cause for index, cause in enumerate(made) if cause}
    return {"episodes": len(made), "succeeded": len(made) - len(failed), "failed": failed}


def commit() -> str:
    words = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def wilson(succeeded: int, episodes: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share (Wilson 1927)."""
    share = succeeded / episodes
    middle = share + z * z / (2 * episodes)
    half = z * math.sqrt(share * (1 - share) / episodes + z * z / (4 * episodes**2))
    scale = 1 + z * z / episodes
    return (middle - half) / scale, (middle + half) / scale


def page(found: dict[str, Any]) -> str:
    rows = []
    for key, result in sorted(
        found.items(), key=lambda kv: (kv[0].split()[0], not kv[1]["default"])
    ):
        task, robot = key.split(" ", 1)
        low, high = wilson(result["succeeded"], result["episodes"])
        causes = Counter(result["failed"].values())
        listed = "; ".join(
            f"{cause}: " + ", ".join(i for i, c in result["failed"].items() if c == cause)
            for cause in sorted(causes)
        )
        own = " (default)" if result["default"] else ""
        rate = 100 * result["succeeded"] / result["episodes"]
        rows.append(
            f"| `{task}` | {robot}{own} | {result['succeeded']} of {result['episodes']} | "
            f"{rate:.0f} % | {100 * low:.0f} to {100 * high:.0f} % | {listed or 'none'} |"
        )
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
