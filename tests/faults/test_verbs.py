"""Every verb that writes keeps the promises of `generate`: killed, refused, stopped, raced.

A few of the trials that `tests/faults/figures.py` makes by the thousand.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator

import pytest

from episodes.formats.registry import WRITERS
from generators.command.verb_keys import KEYS
from generators.command.verbs import VERBS
from tests.faults import races, trials
from tests.faults.fork_server import Asked, ForkServer
from tests.faults.trials import Bench
from tests.faults.verbs import READING, WRITING, make_sources, seen

pytest.importorskip("av", reason="the extra 'formats' is not installed")

FIRST = {verb.name: name for name, verb in reversed(WRITING.items())}  # a row for each verb
slow = pytest.mark.slow
EVERY = [pytest.param(n, marks=() if n in FIRST.values() else slow) for n in WRITING]
QUICK_READING = ("check", "repair, dry", "generate, dry")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("faults")
    with ForkServer(folder / "cache") as server:
        yield Bench(server, make_sources(server, folder / "sources"), folder)


def test_every_verb_and_every_format_has_a_row() -> None:
    writing = {verb for verb, keys in KEYS.items() if "out" in keys} | {"repair"}
    assert writing == {verb.name for verb in WRITING.values()}, "a row of WRITING is missing"
    assert set(VERBS) - writing <= set(READING), "a row of WRITING or READING is missing"
    exported = {w for v in WRITING.values() for w in v.words if v.name == "export"}
    assert {f"format={name}" for name in WRITERS} <= exported, "a row for a format is missing"


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in QUICK_READING else slow) for n in READING]
)
def test_what_reads_writes_nothing(name: str, bench: Bench) -> None:
    place = bench.folder / "reading"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "SRC").symlink_to(bench.sources)
    before = seen(bench.sources)
    done = bench.server.run(Asked(list(READING[name]), str(place)))
    assert done.code in (0, 1), done.printed
    assert "Traceback" not in done.printed
    assert [p.name for p in place.iterdir()] == ["SRC"]
    assert seen(bench.sources) == before
    assert list(bench.sources.rglob(".*")) == []


@pytest.mark.parametrize("name", EVERY)
def test_trouble_at_some_operation_loses_nothing(name: str, bench: Bench) -> None:
    rng = random.Random(name)
    total = bench.undisturbed(name)[1]
    assert total > 5
    trouble = rng.choice(("kill", "refuse", "fill", "interrupt"))
    assert trials.operation(bench, name, trouble, rng.randint(1, total)) == []


@pytest.mark.parametrize("name", ["show", "export, lerobot", "export, robomimic merged"])
def test_what_a_library_writes_in_c_is_refused_by_the_disk(name: str, bench: Bench) -> None:
    """No crash, and no film cut short that counts as done."""
    made, _ = bench.undisturbed(name)
    largest = max(len(data) for data in made.values())
    assert trials.limited(bench, name, file_bytes=largest - 100) == []


def test_a_second_run_beside_one_that_sleeps(bench: Bench) -> None:
    total = bench.undisturbed("export, webdataset")[1]
    assert trials.stopped(bench, "export, webdataset", total // 2) == []


def test_two_exports_at_once(bench: Bench) -> None:
    both = next(n for n, (_, a, b) in enumerate(races.PAIRS) if a == b == races.EXPORT)
    assert races.race(bench, both, random.Random(1)) == []
