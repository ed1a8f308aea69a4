"""Batches: the same sequence of draws however it is cut, and nothing lost on the way."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from episodes import Mix
from episodes.errors import UserError
from episodes.mix.loader import Loader
from episodes.mix.mix import build
from episodes.mix.passes import Passes, Turn
from tests.mixing import episodes, make_library, real


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Mix:
    root = tmp_path_factory.mktemp("loader")
    make_library(root / "sim", episodes(4))
    make_library(root / "real", real(3))
    sources = [{"path": str(root / "sim"), "weight": 3}, {"path": str(root / "real")}]
    cameras = {"main": ["front", "image_0"]}
    config = {"sources": sources, "cameras": cameras, "image_size": [16, 16], "draws": 96}
    build(root / "m.json", config)
    return Mix(root / "m.json")


def steps(batches: Any) -> list[tuple[str, int, int]]:
    return [
        (source, int(episode), int(step))
        for batch in batches
        for source, episode, step in zip(
            batch["source"], batch["episode"], batch["step"], strict=True
        )
    ]


@given(
    st.integers(1, 9), st.integers(0, 50), st.integers(0, 200), st.integers(1, 5), st.integers(0, 6)
)
def test_ranks_take_every_draw_once_and_stop_together(
    batch_size: int, start: int, length: int, world: int, batches: int
) -> None:
    turns = [Turn(batch_size, start, start + length, rank, world) for rank in range(world)]
    assert len({len(turn) for turn in turns}) == 1
    for rank, turn in enumerate(turns):
        assert all(i % world == rank and len(b) == batch_size for b in turn for i in b)
    drawn = sorted(i for turn in turns for batch in turn for i in batch)
    assert drawn == list(range(start, start + len(drawn)))
    assert length <= len(drawn) < length + batch_size * world
    done = sorted(i for turn in turns for batch in list(turn)[:batches] for i in batch)
    if len(turns[0]) >= batches:
        assert turns[0].position(batches) == start + len(done)


def test_a_batch_is_the_samples_stacked(mix: Mix) -> None:
    for n, batch in enumerate(Loader(mix, 8)):
        for k in range(8):
            sample = mix.window(8 * n + k)
            for name, value in sample.items():
                assert np.array_equal(batch[name][k], value)
        assert batch["actions"].shape == (8, 16, 7)
        assert batch["obs/main_image"].dtype == np.uint8


@pytest.mark.parametrize("threads", [1, 2])
def test_memory_is_used_again_only_when_nobody_looks_at_it(mix: Mix, threads: int) -> None:
    kept, views, expected = [], [], []
    addresses = set()
    for n, batch in enumerate(Loader(mix, 4, threads=threads)):
        pictures = batch["obs/main_image"]
        addresses.add(pictures.ctypes.data)
        if n % 5 == 0:
            kept.append(batch)
        if n % 5 == 1:
            views.append(pictures[1, 0, 2:, ::2])  # a view of a view
            expected.append(mix.window(4 * n + 1)["obs/main_image"][0, 2:, ::2])
        del batch, pictures
    for n, batch in enumerate(kept):
        for k in range(4):
            for name, value in mix.window(20 * n + k).items():
                assert np.array_equal(batch[name][k], value)
    for view, rows in zip(views, expected, strict=True):
        assert np.array_equal(view, rows)
    assert len(addresses) < 24, "of 24 batches, some are in memory that was used before"


@pytest.mark.parametrize("options", [{"workers": 2}, {"threads": 3}])
def test_workers_and_threads_change_nothing(mix: Mix, options: dict[str, int]) -> None:
    alone, helped = list(Loader(mix, 8)), list(Loader(mix, 8, **options))
    assert len(alone) == len(helped) == 12
    for one, two in zip(alone, helped, strict=True):
        assert one.keys() == two.keys()
        assert all(np.array_equal(one[name], two[name]) for name in one)


def test_a_run_goes_on_from_one_number_with_other_batches_and_ranks(mix: Mix) -> None:
    whole = steps(Loader(mix, 1))
    first = Loader(mix, 4)
    begun = iter(first)
    seen = steps([next(begun) for _ in range(5)])
    assert first.position == 20
    rest = [steps(Loader(mix, 3, start=first.position, rank=r, world=4)) for r in range(4)]
    together = [rest[(20 + i) % 4][i // 4] for i in range(sum(map(len, rest)))]
    assert seen + together[: 96 - 20] == whole


@pytest.mark.parametrize(("world", "batch_size"), [(2, 4), (3, 4), (5, 3)])
def test_ranks_and_batches_only_regroup_the_sequence(mix: Mix, world: int, batch_size: int) -> None:
    """Draw i is row i // world of rank i % world."""
    whole = [tuple(mix.draw(i)[:3]) for i in range(60)]
    ranks = [
        steps(Loader(mix, batch_size, stop=60, rank=rank, world=world, threads=1))
        for rank in range(world)
    ]
    assert [ranks[i % world][i // world] for i in range(60)] == whole


def test_a_loader_that_was_left_goes_on_where_it_was(mix: Mix) -> None:
    loader = Loader(mix, 16)
    for _ in loader:
        break
    assert loader.position == 16
    assert steps(loader) == steps(Loader(mix, 16))[16:]
    assert loader.position == 96


def test_a_second_loop_is_the_next_pass(mix: Mix) -> None:
    """No draw is taken twice or left out, with any workers and ranks."""
    expected = [tuple(mix.draw(i)[:3]) for i in range(192)]
    for options in ({"threads": 1}, {"threads": 2}, {"workers": 1}):
        loader = Loader(mix, 16, **options)
        assert (len(loader), loader.epoch) == (6, 0)
        assert steps(loader) == expected[:96]
        assert (len(loader), loader.epoch, loader.position) == (6, 1, 96)
        assert steps(loader) == expected[96:]
    two = [Loader(mix, 8, rank=r, world=2, threads=1) for r in range(2)]
    for start in (0, 96):
        ranks = [steps(loader) for loader in two]
        assert [ranks[i % 2][i // 2] for i in range(96)] == expected[start : start + 96]


def test_a_pass_has_whole_batches_and_the_next_begins_right_there(mix: Mix) -> None:
    loader = Loader(mix, 10, threads=1, stop=24)  # so 30 draws
    assert len(loader) == 3
    one, two, three = steps(loader), steps(loader), steps(loader)
    assert one + two + three == [tuple(mix.draw(i)[:3]) for i in range(90)]
    loader.set_epoch(1)
    assert (loader.position, loader.epoch) == (30, 1)
    assert steps(loader) == two
    assert steps(Loader(mix, 10, threads=1, stop=24, start=70)) == three[10:]
    with pytest.raises(UserError, match="counted from 0"):
        loader.set_epoch(-1)


def test_a_run_that_is_resumed_in_a_later_pass_goes_on_there(mix: Mix) -> None:
    loader = Loader(mix, 16, start=96 + 32)
    assert loader.epoch == 1
    assert steps(loader) == [tuple(mix.draw(i)[:3]) for i in range(128, 192)]
    assert loader.epoch == 2


def test_a_killed_worker_is_one_clear_line(mix: Mix) -> None:
    batches = iter(Loader(mix, 4, workers=1, prefetch=1))
    next(batches)
    for worker in multiprocessing.active_children():
        worker.kill()
    with pytest.raises(UserError, match=r"a worker of the loader died .* start=") as caught:
        for _ in batches:
            pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [{"batch_size": 0}, {"start": -1}, {"rank": 2, "world": 2}, {"workers": -1}, {"stop": 0}],
)
def test_impossible_options_are_refused(mix: Mix, options: dict[str, int]) -> None:
    with pytest.raises(UserError):
        Loader(mix, **{"batch_size": 4, **options})


def test_torch_gets_the_same_draws(mix: Mix) -> None:
    torch = pytest.importorskip("torch")
    from episodes.torch import loader

    for workers in (0, 2):
        batches = list(loader(mix, 8, workers=workers, start=16, rank=1, world=2))
        expected = list(Loader(mix, 8, start=16, rank=1, world=2))
        assert steps(batches) == steps(expected)
        assert batches[0]["obs/main_image"].dtype == torch.uint8
        assert np.array_equal(batches[0]["actions"].numpy(), expected[0]["actions"])


@pytest.mark.parametrize(
    "options",
    [{}, {"workers": 2}, {"workers": 2, "persistent_workers": True}],
    ids=["no workers", "workers", "persistent workers"],
)
def test_torch_goes_on_from_pass_to_pass_as_well(mix: Mix, options: dict[str, Any]) -> None:
    pytest.importorskip("torch")
    from episodes.torch import loader

    expected = [tuple(mix.draw(i)[:3]) for i in range(300)]
    ours = loader(mix, 16, **options)
    assert len(ours) == 6
    assert steps(ours) == expected[:96]
    assert (ours.position, ours.epoch, len(ours)) == (96, 1, 6)
    for n, batch in enumerate(ours):
        assert steps([batch]) == expected[96 + 16 * n : 112 + 16 * n]
        if n == 1:
            break
    assert ours.position == 128, "workers are ahead of that"
    assert steps(ours) == expected[128:192]
    ours.set_epoch(0)
    assert steps(ours) == expected[:96]


def test_a_framework_may_take_the_batch_sampler_alone(mix: Mix) -> None:
    sampler = Passes(16, 0, 96)
    assert [i for batch in sampler for i in batch] == list(range(96))
    assert [i for batch in sampler for i in batch] == list(range(96, 192))


def test_without_torch_one_line_says_so(mix: Mix, monkeypatch: pytest.MonkeyPatch) -> None:
    from episodes.torch import loader

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UserError, match="pip install torch"):
        loader(mix, 4)


MEMORY = """
import os, sys
from pathlib import Path
from episodes import Mix
from episodes.mix.loader import Loader

def resident():
    fields = Path("/proc/self/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") / 2**20

for n, batch in enumerate(Loader(Mix(sys.argv[1]), 16, stop=100_000)):
    if n == 600:
        early = resident()
assert n == 6249
print(early, resident())
"""


@pytest.mark.slow
def test_an_epoch_of_a_hundred_thousand_draws_takes_no_more_memory(mix: Mix) -> None:
    """After the first 10,000 draws every file is open and every place known."""
    run = [sys.executable, "-c", MEMORY, str(mix.path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    early, late = map(float, done.stdout.split())
    assert late - early < 4, f"{early} MB, then {late} MB"
