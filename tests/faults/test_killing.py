"""Runs that are killed, stopped, doubled: what they leave is good, and the rest follows."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from generators.produce import produce
from generators.supervise import INTERRUPTED
from tests.faults.makers import assert_whole, config_for, hashes, plan_for, temporaries

ROOT = Path(__file__).parents[2]
SHARDS = 4
NAP = 0.05  # seconds that an episode takes at least, so that there is something to interrupt


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    out = tmp_path_factory.mktemp("reference") / "lib"
    assert produce([plan_for(out, "good")], config_for()) == 0
    return hashes(out)


def start(out: Path, nap: float = NAP, workers: int = 2) -> subprocess.Popen[str]:
    """A run in a session of its own."""
    words = [sys.executable, "-m", "tests.faults.makers", str(out), "good", str(nap), str(workers)]
    return subprocess.Popen(
        words,
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def children(pid: int) -> list[int]:
    """The worker processes of a run."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def wait_for_work(run: subprocess.Popen[str], out: Path, shards: int = 1) -> None:
    """Until that many shards are committed, or the run is over."""
    deadline = time.monotonic() + 60
    while run.poll() is None and time.monotonic() < deadline:
        if len(list(out.glob("shards/*.json"))) >= shards:
            return
        time.sleep(0.01)


def storm(out: Path, kills: int, rng: random.Random) -> None:
    """Kills the run, or one of its workers, at random moments, and starts it again."""
    for _ in range(kills):
        run = start(out)
        time.sleep(rng.uniform(0.3, 1.5))
        victims = [run.pid, *children(run.pid)] if run.poll() is None else []
        if victims:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(victims), signal.SIGKILL)
        run.communicate(timeout=60)  # at once, or, where it lost a worker only, when it is done
        records = sorted(out.glob("shards/*.json"))
        if len(records) == SHARDS:  # or the next run would find nothing to do
            for record in rng.sample(records, 2):
                record.unlink()


def finish(out: Path) -> None:
    """An undisturbed run, after the orphans of killed ones are gone."""
    time.sleep(1.0)
    run = start(out, nap=0.0)
    text, _ = run.communicate(timeout=120)
    assert run.returncode == 0, text


def test_killed_at_random_moments_it_resumes(tmp_path: Path, reference: dict[int, str]) -> None:
    storm(tmp_path / "lib", 5, random.Random(1))
    finish(tmp_path / "lib")
    assert_whole(tmp_path / "lib", reference)


@pytest.mark.slow
def test_killed_two_hundred_times_it_resumes(tmp_path: Path, reference: dict[int, str]) -> None:
    for seed in range(20):
        out = tmp_path / f"lib{seed}"
        storm(out, 10, random.Random(seed))
        finish(out)
        assert_whole(out, reference)


def test_ctrl_c_finishes_the_shards_in_hand(tmp_path: Path, reference: dict[int, str]) -> None:
    out = tmp_path / "lib"
    run = start(out, nap=0.2)
    wait_for_work(run, out)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: workers get it too
    text, _ = run.communicate(timeout=60)
    assert run.returncode == INTERRUPTED, text
    assert "in hand" in text
    assert "Traceback" not in text
    assert 4 <= len(hashes(out)) < 14
    assert temporaries(out) == []
    finish(out)
    assert_whole(out, reference)


def test_ctrl_c_twice_stops_at_once(tmp_path: Path, reference: dict[int, str]) -> None:
    out = tmp_path / "lib"
    run = start(out, nap=5.0)
    while not list(out.glob(".tmp-*log*")) and run.poll() is None:
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    time.sleep(0.2)
    run.send_signal(signal.SIGINT)
    asked = time.monotonic()
    text, _ = run.communicate(timeout=60)
    assert run.returncode == INTERRUPTED, text
    assert time.monotonic() - asked < 15, "it waited for the episodes in hand"
    assert hashes(out) == {}
    assert temporaries(out) == []
    finish(out)
    assert_whole(out, reference)


def test_sigterm_stops_at_once_and_resumes(tmp_path: Path, reference: dict[int, str]) -> None:
    out = tmp_path / "lib"
    run = start(out, nap=5.0)
    while not list(out.glob(".tmp-*log*")) and run.poll() is None:
        time.sleep(0.02)
    run.terminate()
    run.communicate(timeout=30)
    assert run.returncode == INTERRUPTED
    assert temporaries(out) == []
    finish(out)
    assert_whole(out, reference)


def test_two_runs_on_one_library_agree(tmp_path: Path, reference: dict[int, str]) -> None:
    out = tmp_path / "lib"
    runs = [start(out), start(out)]
    for run in runs:
        text, _ = run.communicate(timeout=120)
        assert run.returncode == 0, text
    assert_whole(out, reference)


@pytest.mark.parametrize("seconds", [3.0, pytest.param(60.0, marks=pytest.mark.slow)])
def test_a_run_that_sleeps_while_another_works(
    seconds: float, tmp_path: Path, reference: dict[int, str]
) -> None:
    out = tmp_path / "lib"
    sleeper = start(out, nap=0.1)
    wait_for_work(sleeper, out)
    os.killpg(sleeper.pid, signal.SIGSTOP)
    try:
        other = start(out, nap=0.0)
        text, _ = other.communicate(timeout=120)
        assert other.returncode == 0, text
        time.sleep(seconds)
    finally:
        os.killpg(sleeper.pid, signal.SIGCONT)
    text, _ = sleeper.communicate(timeout=120)
    assert sleeper.returncode == 0, text
    assert_whole(out, reference)
