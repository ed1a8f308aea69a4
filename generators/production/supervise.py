"""Makes the shards of one or many libraries through one pool, whatever happens to its workers."""

from __future__ import annotations

import os
import socket
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from episodes.errors import Exit, UserError, describe
from episodes.storage import store
from episodes.storage.folder import TEMPORARY, WriteFailed, explained
from episodes.storage.locks import Lock
from generators.production import shard
from generators.production.interrupt import Stops
from generators.production.plan import Plan, waiting
from generators.production.pools import Pool
from generators.production.progress import Tally
from generators.production.shard import TRIES, EpisodeLimits, Journal

POLL_S = 0.5
HOPELESS = 8  # episodes that could not be made, when they are most: it is not their fault


@dataclass
class LibraryOutcome:
    """How it stands with one library at the end of a run."""

    plan: Plan
    looked_at: bool = False
    waiting: int = 0  # shards not made, as far as it was looked at
    error: Exception | None = None
    quarantined: int = 0
    made: int = 0  # episodes of this run
    dropped: int = 0  # episodes of this run that went to quarantine
    lock: Lock | None = None

    @property
    def state(self) -> str:
        if self.error is not None:
            return "failed"
        return "finished" if self.looked_at and not self.waiting else "unfinished"

    @property
    def code(self) -> Exit:
        if self.error is not None:
            described = describe(self.error)
            return Exit.FOUND if described is None else described[1]
        return Exit.QUARANTINED if self.quarantined else Exit.DONE

    def enter(self, alone: bool) -> None:
        """Begins to write to the library. Raises UserError where others do not allow it."""
        if self.lock is None:
            self.lock = Lock(self.plan.out, shared=not alone)

    def leave(self) -> None:
        if self.lock is not None:
            self.lock.release()
            self.lock = None


@dataclass(frozen=True)
class ShardJob:
    """Shard `number` of the library at place `at` among the plans."""

    at: int
    number: int


@dataclass
class Run:
    """The state of one run: what waits, what is in hand, what went wrong how often."""

    outcomes: list[LibraryOutcome]
    pool: Pool
    limits: EpisodeLimits
    progress: Tally
    stops: Stops
    alone: bool  # nobody else may write to the libraries
    waiting: deque[ShardJob] = field(default_factory=deque)
    in_hand: dict[Future[Any], ShardJob] = field(default_factory=dict)
    tries: Counter[tuple[int, int]] = field(default_factory=Counter)  # (plan, episode)
    lost: Counter[ShardJob] = field(default_factory=Counter)  # outside of any episode
    halted: bool = False  # the disk is full: nothing new makes sense

    @property
    def ending(self) -> bool:
        return self.stops.count > 0 or self.halted

    def journal(self, job: ShardJob) -> Path:
        """A temporary of the store's kind, so that what a killed run leaves is cleaned up."""
        name = f"{TEMPORARY}{socket.gethostname()}-{os.getpid()}-log{job.number:05d}"
        return self.outcomes[job.at].plan.out / name


def run(
    plans: Sequence[Plan],
    pool: Pool,
    workers: int,
    limits: EpisodeLimits,
    progress: Tally,
    stops: Stops,
    todo: Callable[[Plan], list[int]] = waiting,
    alone: bool = False,
) -> list[LibraryOutcome]:
    """Makes the shards `todo` of each library; a failed library does not stop the others.

    alone: nobody else may write to a library from the look at it on. Returns how each ended. The
    first stop lets the shards in hand finish, the second ends the run at once; either way the same
    command goes on later.
    """
    state = Run([LibraryOutcome(plan) for plan in plans], pool, limits, progress, stops, alone)
    stops.first = lambda: progress.say(
        f"finishing the {len(state.in_hand)} shards in hand; Ctrl-C again stops at once"
        if state.in_hand
        else "stopping"
    )
    try:
        for at, outcome in enumerate(state.outcomes):
            _look(state, at, outcome, todo)
        _loop(state, workers)
    finally:
        _close(state)
    return state.outcomes


def _look(state: Run, at: int, outcome: LibraryOutcome, todo: Callable[[Plan], list[int]]) -> None:
    """What is still to be made of one library."""
    if state.ending:
        return
    try:
        outcome.enter(state.alone)
        missing = todo(outcome.plan)
        state.progress.expect(outcome.plan, missing)
        state.waiting += [ShardJob(at, number) for number in missing]
        outcome.waiting, outcome.looked_at = len(missing), True
    except (UserError, OSError) as error:
        outcome.error = _explained(error, outcome.plan)
    if not state.alone or not outcome.waiting:
        outcome.leave()  # a sweep has more libraries than a process may hold locks


def _loop(state: Run, workers: int) -> None:
    while state.in_hand or (state.waiting and not state.ending):
        while state.waiting and len(state.in_hand) < workers and not state.ending:
            _submit(state, state.waiting.popleft())
        done, _ = wait(state.in_hand, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in done:
            _finish(state, state.in_hand.pop(future), future)
        state.progress.show(Journal.read(state.journal(job)) for job in state.in_hand.values())
        if state.stops.count > 1:
            return


def _submit(state: Run, job: ShardJob) -> None:
    outcome = state.outcomes[job.at]
    if outcome.error is not None:
        return
    try:
        outcome.enter(state.alone)
    except UserError as error:
        _fail(state, outcome, error)
        return
    tries = {i: state.tries[job.at, i] for i in outcome.plan.indices(job.number)}
    future = state.pool.submit(
        shard.make, outcome.plan, job.number, state.limits, state.journal(job), tries
    )
    state.in_hand[future] = job


def _finish(state: Run, job: ShardJob, future: Future[Any]) -> None:
    outcome = state.outcomes[job.at]
    try:
        record = future.result()
    except CancelledError:
        return
    except Exception as error:
        death = state.pool.death(error)
        if death is None and isinstance(error, UserError | OSError):
            _fail(state, outcome, error)
        else:
            _retry(state, job, death, error)
    else:
        outcome.waiting -= 1
        outcome.made += len(record["episodes"])
        outcome.dropped += len(outcome.plan.indices(job.number)) - len(record["episodes"])
        state.progress.committed(record)
        if not outcome.waiting:
            outcome.leave()
        if outcome.dropped >= max(HOPELESS, outcome.made):
            last = max(store.quarantined(outcome.plan.out), key=lambda note: note["index"])
            tried = outcome.made + outcome.dropped
            lost = f"{outcome.dropped} of {tried} episodes could not be made"
            _fail(state, outcome, UserError(f"{lost}, the last of them: {last['reason']}"))


def _retry(state: Run, job: ShardJob, death: str | None, error: Exception) -> None:
    """A shard did not come back: the episode in hand is to blame, or else the shard itself."""
    outcome = state.outcomes[job.at]
    journal = Journal.read(state.journal(job))
    with suppress(OSError):
        state.journal(job).unlink(missing_ok=True)
    if death is not None and journal.index is not None:
        index = journal.index
        state.tries[job.at, index] += 1
        if state.tries[job.at, index] >= TRIES:
            reason = journal.reason or death
            try:
                shard.quarantine(outcome.plan, index, TRIES, reason, journal.tail)
            except (UserError, OSError) as refused:
                _fail(state, outcome, refused)
                return
    else:
        state.lost[job] += 1
        if state.lost[job] >= TRIES:
            _fail(state, outcome, UserError(journal.reason or death) if death else error)
            return
    state.waiting.appendleft(job)


def _fail(state: Run, outcome: LibraryOutcome, error: Exception) -> None:
    """No more of this library; on a full disk, no more at all."""
    outcome.error = error = _explained(error, outcome.plan)
    if isinstance(error, WriteFailed | OSError):
        state.halted = True
        for other in state.outcomes:
            if other.waiting and other.error is None:
                other.error = error


def _explained(error: Exception, plan: Plan) -> Exception:
    """The error, with a way out where it is the machine's fault."""
    if isinstance(error, OSError) and describe(error):
        return explained(error, "go on with", plan.out)
    return error


def _close(state: Run) -> None:
    """Ends the workers, tidies what they left, and counts."""
    if state.in_hand:
        state.pool.kill()
    else:
        state.pool.close()
    state.progress.close()
    for outcome in state.outcomes:
        with suppress(UserError, OSError):
            for job in [j for j in state.in_hand.values() if state.outcomes[j.at] is outcome]:
                state.journal(job).unlink(missing_ok=True)
            store.clean_temporaries(outcome.plan.out)
            outcome.quarantined = sum(1 for _ in store.quarantined(outcome.plan.out))
        outcome.leave()
