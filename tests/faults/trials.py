"""One trial each: a verb meets trouble, and what must hold afterwards is looked at.

What must hold: the exit code is one of the documented ones, and 0 only where all is done; nobody
sees a traceback, or half a file; the source is as it was; the same command goes on, to what it
would have made without trouble, and leaves nothing lying about.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.fork_server import Ended, ForkServer
from tests.faults.verbs import AT_ONCE, WRITING, Place, Verb

DONE, BAD_INPUT, NO_ROOM, INTERRUPTED = 0, 2, 4, 130
KILLED = -signal.SIGKILL
LOCK = ".OUT.lock"  # left by a run that is killed in its last moments; the next writer tidies up


@dataclass
class Bench:
    """Where trials are made: a server, the sources, and what each verb makes undisturbed."""

    server: ForkServer
    sources: Path
    folder: Path
    reference: dict[str, tuple[dict[str, bytes], int]] = field(default_factory=dict)

    def place(self, verb: Verb) -> Place:
        """Always the same one: its name is in what some verbs write."""
        place = self.folder / "place"
        shutil.rmtree(place, ignore_errors=True)  # of a trial in which something was wrong
        return Place.made(place, self.sources, verb)

    def undisturbed(self, name: str) -> tuple[dict[str, bytes], int]:
        """What the row `name` makes, and in how many operations."""
        if name not in self.reference:
            place = self.place(WRITING[name])
            done = self.server.run(place.asked())
            assert done.code == DONE, done.printed
            assert place.hidden() == []
            self.reference[name] = (place.content(), done.operations)
            place.remove()
        return self.reference[name]


def operation(bench: Bench, name: str, trouble: str, turn: int) -> list[str]:
    """What is wrong after trouble at the turn-th operation of a row."""
    codes = {
        "kill": {KILLED, DONE},
        "refuse": {NO_ROOM, DONE},
        "fill": {NO_ROOM, DONE},
        "interrupt": {INTERRUPTED, DONE},
    }[trouble]
    place = bench.place(WRITING[name])
    before = place.content()
    done = bench.server.run(place.asked(trouble, turn))
    return _after(bench, name, place, before, done, codes, f"{trouble} at {turn}")


def limited(bench: Bench, name: str, **limits: int) -> list[str]:
    """What is wrong after a row with a limit on the size of files, or on how many are open."""
    place = bench.place(WRITING[name])
    before = place.content()
    done = bench.server.run(place.asked(**limits))
    codes = {NO_ROOM, DONE} if "file_bytes" in limits else {BAD_INPUT, NO_ROOM, DONE}
    return _after(bench, name, place, before, done, codes, f"{limits}")


def killed(bench: Bench, name: str, rng: random.Random, number: int = signal.SIGKILL) -> list[str]:
    """What is wrong after a row that gets a signal at any moment."""
    place = bench.place(WRITING[name])
    before = place.content()
    begun = time.monotonic()
    pid = bench.server.start(place.asked())
    time.sleep(rng.uniform(0.0, 1.0) ** 2 * 3.0)
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    after = f"signal {number} after {time.monotonic() - begun:.2f} s"
    codes = {-number, INTERRUPTED, DONE} if number != signal.SIGKILL else {KILLED, DONE}
    return _after(bench, name, place, before, bench.server.end(pid), codes, after)


def stopped(bench: Bench, name: str, turn: int) -> list[str]:
    """What is wrong after a row that sleeps at an operation, while the same command is given once
    more: either is done, or the second is refused, and the first goes on when it wakes."""
    place = bench.place(WRITING[name])
    before = place.content()
    sleeper = bench.server.start(place.asked("stop", turn))
    _wait_until_asleep(sleeper)
    second = bench.server.run(place.asked())
    with suppress(ProcessLookupError):
        os.kill(sleeper, signal.SIGCONT)
    first = bench.server.end(sleeper)
    wrong = _codes(first, {DONE, BAD_INPUT}, f"asleep at {turn}")
    wrong += _codes(second, {DONE, BAD_INPUT}, f"beside one asleep at {turn}")
    if DONE not in (first.code, second.code):
        wrong.append(f"{name}: asleep at {turn}: neither was done: {first} {second}")
    if first.code == DONE or second.code == DONE:
        wrong += _same(name, place, bench.undisturbed(name)[0], f"two, asleep at {turn}")
    return wrong + _goes_on(bench, name, place, before, f"two, asleep at {turn}")


def _after(
    bench: Bench,
    name: str,
    place: Place,
    before: dict[str, bytes],
    done: Ended,
    codes: set[int],
    what: str,
) -> list[str]:
    wrong = [f"{name}: {line}" for line in _codes(done, codes, what)]
    wanted = bench.undisturbed(name)[0]
    found = place.content()
    half = [n for n, data in found.items() if data not in (before.get(n), wanted.get(n))]
    wrong += [f"{name}: {what}: half a file is seen: {n}" for n in half]
    gone = [n for n in before if n not in found and WRITING[name].name != "repair"]
    wrong += [f"{name}: {what}: gone: {n}" for n in gone]
    if WRITING[name].name in AT_ONCE and found not in (before, wanted):
        wrong.append(f"{name}: {what}: neither nothing nor all: {sorted(found)}")
    if done.code == DONE:
        wrong += _same(name, place, wanted, f"{what}, which was done")
    if done.code == INTERRUPTED:
        left = [n for n in place.hidden() if ".importing-" not in n]  # that is gone on with
        wrong += [f"{name}: {what}: left behind: {n}" for n in left]
    return wrong + _goes_on(bench, name, place, before, what)


def _goes_on(
    bench: Bench, name: str, place: Place, before: dict[str, bytes], what: str
) -> list[str]:
    """The same command once more, without trouble. An export that was done is in its own way."""
    wanted = bench.undisturbed(name)[0]
    if not (WRITING[name].name == "export" and place.content() == wanted):
        again = bench.server.run(place.asked())
        if again.code != DONE:
            return [f"{name}: {what}: it does not go on: {again}"]
    wrong = _same(name, place, wanted, what)
    wrong += [f"{name}: {what}: left behind: {n}" for n in place.hidden() if n != LOCK]
    place.remove()
    return wrong


def _same(name: str, place: Place, wanted: dict[str, bytes], what: str) -> list[str]:
    found = place.content()
    other = sorted(n for n in found.keys() | wanted.keys() if found.get(n) != wanted.get(n))
    return [f"{name}: {what}: not as without trouble: {n}" for n in other]


def _codes(done: Ended, codes: set[int], what: str) -> list[str]:
    if "Traceback" in done.printed or "Exception ignored" in done.printed:
        return [f"{what}: a traceback: {done.printed[-1500:]}"]
    return [] if done.code in codes else [f"{what}: exit code {done.code}: {done.printed[-300:]}"]


def _wait_until_asleep(pid: int) -> None:
    """Or ended: it did not come that far."""
    while True:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state in "TZ":
            return
        time.sleep(0.01)
