"""Two runs at once: on one place, or on one library."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from pathlib import Path

from tests.faults.fork_server import Asked, Ended
from tests.faults.trials import BAD_INPUT, DONE, Bench
from tests.faults.verbs import MADE, SMALL, seen

GENERATE = ("generate", *MADE, "episodes=3", "out=a")
SEEN_ANEW = ("renderer=tiny", SMALL, "shard_size=1")
RENDER = ("render", "src=a", "out=r", *SEEN_ANEW)
REPAIR = ("repair", "src=a")
AGAIN = ("repair", "src=a", "quarantined=true")
EXPORT = ("export", "format=webdataset", "src=a", "out=x")
OTHER_EXPORT = ("export", "format=robomimic", "src=a", "out=x")
IMPORT = ("import", "src=SRC/webdataset", "out=i", "shard_size=1")
OTHER_IMPORT = ("import", "src=SRC/lerobot", "out=i")
CHECK = ("check", "src=a")
SHOW = ("show", "src=a", "out=s", "episodes=2", "video_px=32")
MIX = ("mix", "out=m.json", "horizon=2", "sources=[{name:a,path:a,weight:1}]")
PART = ("part", "src=SRC/box.stl", "out=p.png")
EXPORT_TO_I = ("export", "format=webdataset", "src=a", "out=i")
SWEEP = ("generate", "-m", *MADE, "probe=false", "episodes=1", "seed=0,1", "out=w")

# (what is at `a` before, the two runs): a library that is begun, finished, broken, or of which an
# episode is quarantined
PAIRS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", GENERATE, GENERATE),
    ("begun", GENERATE, RENDER),
    ("begun", GENERATE, REPAIR),
    ("begun", GENERATE, EXPORT),
    ("begun", GENERATE, CHECK),
    ("begun", GENERATE, SHOW),
    ("quarantined", AGAIN, AGAIN),
    ("quarantined", AGAIN, GENERATE),
    ("quarantined", AGAIN, RENDER),
    ("broken", REPAIR, REPAIR),
    ("broken", REPAIR, EXPORT),
    ("broken", REPAIR, CHECK),
    ("finished", RENDER, RENDER),
    ("finished", EXPORT, EXPORT),
    ("finished", EXPORT, OTHER_EXPORT),
    ("finished", SHOW, SHOW),
    ("finished", MIX, MIX),
    ("finished", IMPORT, IMPORT),
    ("finished", IMPORT, OTHER_IMPORT),
    ("finished", IMPORT, EXPORT_TO_I),
    ("finished", PART, PART),
    ("", SWEEP, SWEEP),
)
STARTS = {"begun": "short", "finished": "lib", "broken": "broken", "quarantined": "quarantined"}
# what a reader may find beside a writer: errors of a check, or a shard that is being made again
READERS = ("check", "export", "show", "render")


def race(bench: Bench, number: int, rng: random.Random) -> list[str]:
    """What is wrong after pair `number`, the second begun a random moment after the first.

    What must hold: no traceback; each is done, or says in one line why not; what is seen is whole;
    afterwards the library is as it would be without the other, and either command is done, or finds
    it done.
    """
    before, *both = PAIRS[number]
    place = bench.folder / "race"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "SRC").symlink_to(bench.sources)
    if before:
        shutil.copytree(bench.sources / STARTS[before], place / "a")
    first = bench.server.start(Asked(list(both[0]), str(place)))
    time.sleep(rng.uniform(0.0, 0.6))
    second = bench.server.start(Asked(list(both[1]), str(place)))
    ended = [bench.server.end(first), bench.server.end(second)]
    what = f"{' '.join(both[0][:2])} beside {' '.join(both[1][:2])} ({before or 'nothing'})"
    wrong = [f"{what}: {line}" for words, run in zip(both, ended, strict=True)
             for line in _told(words, run)]  # fmt: skip
    if not any(run.code == DONE for run in ended):
        wrong.append(f"{what}: neither was done: {ended}")
    return wrong + [f"{what}: {line}" for line in _whole(bench, place, both)]


def _told(words: tuple[str, ...], run: Ended) -> list[str]:
    if "Traceback" in run.printed or "Exception ignored" in run.printed:
        return [f"a traceback: {run.printed[-1500:]}"]
    codes = {DONE, BAD_INPUT} | ({1} if words[0] in READERS else set())
    return [] if run.code in codes else [f"exit code {run.code}: {run.printed[-500:]}"]


def _whole(bench: Bench, place: Path, both: list[tuple[str, ...]]) -> list[str]:
    """What is wrong when both are run once more, one after the other."""
    wrong = []
    for words in both:
        again = bench.server.run(Asked(list(words), str(place)))
        stands = "exists already" in again.printed or "holds another library" in again.printed
        if again.code != DONE and not stands:
            wrong.append(f"it does not go on: {words[:2]}: {again}")
    if (place / "a").is_dir():
        found, wanted = seen(place / "a" / "shards"), seen(bench.sources / "lib" / "shards")
        short = json.loads((place / "a" / "library.json").read_text())["episodes"] == 1
        left = {name for name in wanted if found.get(name) != wanted[name]}
        if left and not (short and _only_begun(both)):
            wrong.append(f"lost or other: {sorted(left)}")
        checked = bench.server.run(Asked(["check", "src=a"], str(place)))
        if "error" in checked.printed.lower() and "0 errors" not in checked.printed:
            wrong.append(f"check finds: {checked.printed[-500:]}")
    hidden = [str(p.relative_to(place)) for p in place.rglob(".*") if not p.is_symlink()]
    return wrong + [f"left behind: {name}" for name in hidden if os.path.lexists(place / name)]


def _only_begun(both: list[tuple[str, ...]]) -> bool:
    return not any(words[0] == "generate" for words in both)
