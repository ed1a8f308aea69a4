"""What a worker does: makes the episodes of one shard and commits it."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import resource
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from episodes.episode import Episode
from episodes.errors import NeedsFreshProcess, NotNow, UserError
from episodes.storage import store
from generators import env_args
from generators.production import makers
from generators.production.plan import Plan
from generators.production.watchdog import watchdog

MARK = "@@"  # begins the journal's own lines; the rest is what the episode printed
TRIES = 3
LOG_LINES = 40


@dataclass(frozen=True)
class EpisodeLimits:
    """seconds: for one episode. memory: bytes that a worker may allocate; None for no limit."""

    seconds: float = 600.0
    memory: int | None = None


def make(
    plan: Plan, number: int, limits: EpisodeLimits, journal: Path, tries: Mapping[int, int]
) -> dict[str, Any]:
    """Makes and commits shard `number`: its commit record. Idempotent, on any machine.

    journal: a file of our own that tells the supervisor where we are, and what was printed.
    tries: index -> how often a worker died or hung over it. An episode that raises is tried
    three times in all, then quarantined; the others of its shard are committed without it.
    """
    with _written_to(journal) as log:
        _limit_memory(limits.memory)
        return store.write_shard(
            plan.out,
            number,
            _episodes(plan, number, limits, log, tries),
            spec_id=plan.spec_id,
            versions=plan.versions,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            compression=plan.compression,
            env_args=_env_args(plan),
        )


def _env_args(plan: Plan) -> dict[str, Any] | None:
    """Of the environment whose episodes the plan makes; None: of a source that had none."""
    if plan.make is not makers.render:
        return env_args.of_recipe(makers.placed(plan))
    assert plan.source is not None
    try:
        return env_args.rendered(env_args.read(plan.source), plan.recipe)
    except UserError:
        return None


def quarantine(plan: Plan, index: int, attempts: int, reason: str, log: str) -> None:
    """Notes that an episode could not be made. On a full disk the note may be lost; the shard
    is then not committed either."""
    store.quarantine(
        plan.out,
        index,
        {"seed": plan.seed, "attempts": attempts, "reason": reason, "log": log},
    )


def _episodes(
    plan: Plan, number: int, limits: EpisodeLimits, log: TextIO, tries: Mapping[int, int]
) -> Iterator[Episode]:
    for index in plan.indices(number):
        if store.is_quarantined(plan.out, index):
            continue
        episode = _attempt_episode(plan, index, limits, log, tries.get(index, 0))
        if episode is not None:
            yield episode


def _attempt_episode(
    plan: Plan, index: int, limits: EpisodeLimits, log: TextIO, tries: int
) -> Episode | None:
    """The episode, or None where it had to be quarantined."""
    while True:
        tries += 1
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            sys.exit("the supervisor is gone")
        _say(log, f"start {index} {tries}")
        try:
            with watchdog(limits.seconds, log):
                episode = plan.make(plan, index)
            _say(log, f"done {index} {int(bool(episode.success))} {episode.steps}")
            return episode
        except (OSError, NotNow):
            raise  # the disk's fault, the machine's or the source's: no episode is to blame
        except UserError as error:  # the same every time
            quarantine(plan, index, tries, str(error), "")
            return None
        except NeedsFreshProcess as error:
            _say(log, f"fatal {error}")
            os._exit(1)
        except Exception as error:
            if tries >= TRIES:
                reason = f"{type(error).__name__}: {error}".rstrip(": ")
                quarantine(plan, index, tries, reason, traceback.format_exc(limit=-LOG_LINES))
                return None


@contextmanager
def _written_to(journal: Path) -> Iterator[TextIO]:
    """All that this process prints, C libraries and crash reports included, goes to the journal."""
    with open(journal, "w", buffering=1, encoding="utf-8", errors="replace") as log:
        sys.stdout.flush()
        sys.stderr.flush()
        kept = [os.dup(1), os.dup(2)]
        try:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            faulthandler.enable(file=log)
            yield log
        finally:
            faulthandler.disable()
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            for descriptor, number in zip(kept, (1, 2), strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)
            journal.unlink(missing_ok=True)  # of use only where this process dies


def _limit_memory(most: int | None) -> None:
    if most is not None:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _say(log: TextIO, line: str) -> None:
    with suppress(OSError):  # a full disk must not be blamed on the episode
        log.write(f"{MARK} {line}\n")
        log.flush()


@dataclass(frozen=True)
class Journal:
    """What a journal tells: the episode in hand, if any, how it ended, and the last lines."""

    index: int | None
    done: int
    succeeded: int
    reason: str
    tail: str

    @classmethod
    def read(cls, path: Path) -> Journal:
        """Of a file that may be missing, or in the middle of being written."""
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        index, done, succeeded = None, 0, 0
        tail: list[str] = []
        for line in lines:
            match line.split():
                case [word, "start", number, _] if word == MARK and number.isdigit():
                    index, tail = int(number), []
                case [word, "fatal", *what] if word == MARK:
                    return cls(None, done, succeeded, " ".join(what), "")
                case [word, "done", _, success, _] if word == MARK:
                    index, done, succeeded = None, done + 1, succeeded + (success == "1")
                case _:
                    tail.append(line)
        tail = tail[-LOG_LINES:]
        reason = next((w for t in tail for w in _WORDS if t.startswith(w)), "")
        return cls(index, done, succeeded, _WORDS.get(reason, ""), "\n".join(tail))


# how faulthandler begins its report -> what it means
_WORDS = {
    "Timeout (": "timed out",
    "Fatal Python error: Segmentation": "segmentation fault",
    "Fatal Python error: Aborted": "aborted",
    "Fatal Python error: Bus": "bus error",
    "Fatal Python error: Floating": "floating point exception",
    "Fatal Python error: Illegal": "illegal instruction",
}
