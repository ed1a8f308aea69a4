"""Shards made by worker processes: the same whatever the number of workers and their fate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from episodes.errors import Exit
from episodes.storage import store
from generators.production.plan import waiting
from generators.production.produce import produce
from generators.production.repair import released
from tests.faults.makers import (
    BAD,
    assert_whole,
    config_for,
    hashes,
    plan_for,
    temporaries,
)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """Content hashes of an undisturbed run with one worker."""
    out = tmp_path_factory.mktemp("reference") / "lib"
    assert produce([plan_for(out, "good")], config_for(workers=1)) == 0
    found = hashes(out)
    assert sorted(found) == list(range(14))
    assert len(set(found.values())) == 14
    return found


@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_changes_nothing(
    workers: int, tmp_path: Path, reference: dict[int, str]
) -> None:
    assert produce([plan_for(tmp_path / "lib", "good")], config_for(workers)) == 0
    assert_whole(tmp_path / "lib", reference)


def test_the_order_of_the_shards_changes_nothing(tmp_path: Path, reference: dict[int, str]) -> None:
    asked = [plan_for(tmp_path / "lib", "good")]
    assert produce(asked, config_for(), lambda plan: [2, 0, 3, 1] * bool(waiting(plan))) == 0
    assert_whole(tmp_path / "lib", reference)


def test_a_half_finished_library_goes_on(tmp_path: Path, reference: dict[int, str]) -> None:
    out = tmp_path / "lib"
    produce([plan_for(out, "good")], config_for())
    before = (out / "shards" / "00000.json").read_bytes()
    for name in ("00001.json", "00001.h5", "00003.json"):
        (out / "shards" / name).unlink()
    (out / "shards" / "00002.h5").write_bytes(b"cut off")
    assert produce([plan_for(out, "good")], config_for()) == 0
    assert_whole(out, reference)
    assert (out / "shards" / "00000.json").read_bytes() == before


@pytest.mark.parametrize(
    ("maker", "reason"),
    [
        ("segfaulting", "segmentation fault"),
        ("raising", "ValueError: a bug in the task"),
        ("greedy", "MemoryError"),
        ("killed", "killed by SIGKILL"),
    ],
)
def test_an_episode_that_cannot_be_made_is_quarantined(
    maker: str,
    reason: str,
    tmp_path: Path,
    reference: dict[int, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "lib"
    code = produce([plan_for(out, maker)], config_for(memory_gb=1.0))
    assert code == Exit.QUARANTINED
    said = capsys.readouterr().out
    assert f"1 episodes could not be made; logs are in {out}/quarantine\n" in said
    assert f"  episode {BAD}: {reason}\n" in said
    note = json.loads((out / "quarantine" / f"{BAD:06d}.json").read_text())
    assert (note["index"], note["seed"], note["attempts"]) == (BAD, 3, 3)
    assert note["reason"] == reason
    assert_whole(out, {index: h for index, h in reference.items() if index != BAD})


def test_a_hung_episode_is_ended_and_quarantined(tmp_path: Path, reference: dict[int, str]) -> None:
    out = tmp_path / "lib"
    assert produce([plan_for(out, "hanging")], config_for(seconds=1.5)) == Exit.QUARANTINED
    note = json.loads((out / "quarantine" / f"{BAD:06d}.json").read_text())
    assert note["reason"] == "timed out"
    assert "in hanging" in note["log"], "the log does not say where it hung"
    assert_whole(out, {index: h for index, h in reference.items() if index != BAD})


def test_where_nothing_can_be_made_it_gives_up_soon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "lib"
    assert produce([plan_for(out, "hopeless", episodes=400)], config_for()) == 2
    assert "could not be made, the last of them: ValueError" in capsys.readouterr().out
    assert len(list(store.quarantined(out))) < 40


def test_quarantined_episodes_can_be_tried_again(tmp_path: Path, reference: dict[int, str]) -> None:
    out = tmp_path / "lib"
    assert produce([plan_for(out, "raising")], config_for()) == Exit.QUARANTINED
    assert produce([plan_for(out, "good")], config_for(), released) == 0
    assert_whole(out, reference)


@pytest.mark.parametrize(("maker", "trace"), [("flaky", "died-once"), ("blinking", "lost-once")])
def test_a_worker_that_dies_once_costs_nothing(
    maker: str, trace: str, tmp_path: Path, reference: dict[int, str]
) -> None:
    assert produce([plan_for(tmp_path / "lib", maker)], config_for()) == 0
    assert (tmp_path / trace).exists()
    assert_whole(tmp_path / "lib", reference)


def test_a_graphics_context_that_stays_lost_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "lib"
    assert produce([plan_for(out, "contextless")], config_for()) == 2
    assert "failed: the driver is gone" in capsys.readouterr().out
    assert hashes(out) == {}
    assert list(store.quarantined(out)) == []


def test_other_content_under_the_same_name_stops_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "lib"
    produce([plan_for(out, "drifting")], config_for())
    before = hashes(out)
    (out / "shards" / "00001.json").unlink()
    assert produce([plan_for(out, "drifting")], config_for()) == store.Diverged.code
    assert "diverged" in capsys.readouterr().out
    assert before.items() >= hashes(out).items()
    assert temporaries(out) == []


def test_a_failed_library_does_not_stop_the_others(
    tmp_path: Path, reference: dict[int, str], capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.doc").touch()
    plans = [plan_for(taken, "good"), plan_for(tmp_path / "lib", "good")]
    assert produce(plans, config_for()) == 2
    out = capsys.readouterr().out
    assert "holds other files" in out
    assert "finished" in out
    assert_whole(tmp_path / "lib", reference)
    assert [p.name for p in taken.iterdir()] == ["thesis.doc"]
