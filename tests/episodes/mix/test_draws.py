"""The sequence of draws: exact quotas, true permutations, nothing but arithmetic on the index."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from episodes.mix.draws import Draws
from episodes.mix.permutation import _scramble, permute
from episodes.mix.quotas import BLOCK, GRID, Quotas, shares
from episodes.mix.shard_order import ShardOrder

weights = st.lists(
    st.one_of(
        st.integers(1, 1000).map(Fraction),
        st.decimals("0.001", "100", places=3).map(Fraction),
        st.floats(1e-3, 1e3).map(Fraction),
    ),
    min_size=1,
    max_size=6,
)


def _draws(parts: list[int], sizes: list[int], seed: int = 0) -> Draws:
    return Draws(
        [f"s{k}" for k in range(len(parts))],
        shares([Fraction(p) for p in parts]),
        [[n] for n in sizes],
        seed,
    )


# --- quotas


@given(weights)
@example([Fraction(1), Fraction(1), Fraction(1)])
@example([Fraction(2, 3), Fraction(1, 6), Fraction(1, 7)])
def test_no_source_is_ever_a_whole_draw_ahead_or_behind(asked: list[Fraction]) -> None:
    parts = shares(asked)
    quotas = Quotas(parts)
    for block in range(60):
        within, before = quotas.within(block), quotas.before(block)
        assert sum(within) == BLOCK
        for part, count, total in zip(parts, within, before, strict=True):
            assert abs(count - BLOCK * part) < 1
            assert abs(total - block * BLOCK * part) < 1


@given(st.lists(st.integers(1, 30), min_size=2, max_size=7), st.integers(0, 10**9))
def test_quotas_are_exact_after_a_whole_period_and_anywhere_in_the_sequence(
    asked: list[int], far: int
) -> None:
    total = sum(asked)
    quotas = Quotas(shares([Fraction(w) for w in asked]))
    assert quotas.before(total) == [BLOCK * w for w in asked]
    for w, count in zip(asked, quotas.before(far), strict=True):
        assert abs(count - Fraction(BLOCK * far * w, total)) < 1


@pytest.mark.parametrize("asked", [[80, 20], [1, 1], [99, 1], [1, 3, 4], [1], [998, 1, 1]])
def test_shares_in_thousandths_are_met_exactly_in_every_block(asked: list[int]) -> None:
    quotas = Quotas(shares([Fraction(w) for w in asked]))
    expected = [w * BLOCK // sum(asked) for w in asked]
    assert all(quotas.within(block) == expected for block in range(50))


def test_shares_that_no_grid_holds_are_rounded_by_less_than_one_step_and_still_sum_to_one() -> None:
    asked = [Fraction(0.1234567891), Fraction(0.2345678912), Fraction(0.345678)]
    got = shares(asked)
    assert sum(got) == 1
    for want, share in zip(asked, got, strict=True):
        assert abs(share - want / sum(asked)) < Fraction(1, GRID)
    with pytest.raises(ValueError, match="below one part"):
        shares([Fraction(1), Fraction(1, 10**9 + 7)])
    with pytest.raises(ValueError, match="positive"):
        shares([Fraction(1), Fraction(0)])


# --- the permutation


@pytest.mark.parametrize("size", [*range(1, 40), 63, 64, 65, 97, 1000, 1024, 4097, 65_537])
def test_permute_is_a_bijection(size: int) -> None:
    for k in (0, 1, 2**64 - 1):
        assert np.array_equal(np.sort(permute(np.arange(size), size, k)), np.arange(size))


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
@settings(max_examples=60)
def test_permute_is_a_bijection_for_any_size_and_key(size: int, k: int) -> None:
    assert len(set(permute(np.arange(size), size, k).tolist())) == size


def test_permute_reaches_every_order_equally_often() -> None:
    """Chi-square over the 24 orders of 4 items; 55 is beyond the 99.98 % point at 23 d.o.f."""
    count = 24_000
    keys = np.arange(count).repeat(4)
    orders = permute(np.tile(np.arange(4), count), 4, keys).reshape(count, 4)
    seen = Counter(map(tuple, orders.tolist()))
    assert set(seen) == set(permutations(range(4)))
    assert sum((n - 1000) ** 2 / 1000 for n in seen.values()) < 55


def test_permute_leaves_no_trace_of_the_old_order() -> None:
    size = 20_000
    new = permute(np.arange(size), size, 7)
    assert abs(np.corrcoef(np.arange(size), new)[0, 1]) < 0.03
    assert abs(np.corrcoef(new[:-1], new[1:])[0, 1]) < 0.03
    fixed = [np.sum(permute(np.arange(size), size, k) == np.arange(size)) for k in range(50)]
    assert 0.5 < np.mean(fixed) < 1.6  # a random permutation has one fixed point on average


def test_a_thousand_million_items_need_no_memory() -> None:
    size = 10**9
    some = np.arange(0, size, 999_983)
    image = permute(some, size, 3)
    assert len(np.unique(image)) == len(some)
    assert image.min() >= 0
    assert image.max() < size
    assert np.ptp(image) > 0.9 * size


def test_the_generator_behind_it_is_splitmix64() -> None:
    """First outputs for seed 0, as published with the reference implementation."""
    assert [hex(x) for x in _scramble(np.array([0, 0x9E3779B97F4A7C15], np.uint64))] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
    ]


# --- the sequence


@given(weights, st.integers(0, 2**32), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_every_block_holds_its_quota(asked: list[Fraction], seed: int, number: int) -> None:
    parts = shares(asked)
    block = Draws([str(k) for k in range(len(parts))], parts, [[50]] * len(parts), seed).block(
        number
    )
    counts = np.bincount(block.source, minlength=len(parts))
    assert all(abs(n - BLOCK * part) < 1 for n, part in zip(counts.tolist(), parts, strict=True))


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.integers(1, 700),
    st.integers(0, 2**32),
)
@settings(max_examples=25, deadline=None)
def test_nothing_repeats_within_an_epoch_and_epochs_follow_each_other(
    asked: list[int], size: int, seed: int
) -> None:
    draws = _draws(asked, [size + 13 * k for k in range(len(asked))], seed)
    blocks = [draws.block(b) for b in range(4)]
    for s in range(len(asked)):
        of_source = size + 13 * s
        pairs = [
            (e, i)
            for b in blocks
            for e, i in zip(b.epoch[b.source == s], b.item[b.source == s], strict=True)
        ]
        assert len(set(pairs)) == len(pairs)
        assert all(0 <= i < of_source for _, i in pairs)
        epochs = Counter(e for e, _ in pairs)
        whole, rest = divmod(len(pairs), of_source)
        assert epochs == Counter({**dict.fromkeys(range(whole), of_source), whole: rest})


def test_epochs_differ_in_their_order() -> None:
    block = _draws([1], [500]).block(0)
    first = block.item[block.epoch == 0]
    second = block.item[block.epoch == 1]
    assert sorted(first) == sorted(second)
    assert np.sum(first == second) < 20


def test_a_block_is_a_pure_function_of_seed_and_number() -> None:
    one, other = _draws([3, 1], [77, 5], seed=5), _draws([3, 1], [77, 5], seed=5)
    ahead = {n: one.block(n) for n in (9, 2, 1_000_003, 0)}
    for n, block in ahead.items():
        again = other.block(n)
        for name in ("source", "item", "epoch"):
            assert np.array_equal(getattr(block, name), getattr(again, name))
    assert not np.array_equal(ahead[2].source, ahead[9].source)
    assert not np.array_equal(_draws([3, 1], [77, 5], seed=6).block(2).source, ahead[2].source)


def test_a_source_keeps_its_own_order_when_another_joins() -> None:
    alone, joined = _draws([1], [3000]), _draws([1, 1], [3000, 40])
    a = np.concatenate([alone.block(b).item for b in range(2)])
    j = np.concatenate([joined.block(b).item[joined.block(b).source == 0] for b in range(4)])
    # Within a block the order is shuffled once more, so blocks are compared as sets.
    assert set(a[:1000]) == set(j[:1000])
    assert set(a[1000:]) == set(j[1000:])


@pytest.mark.parametrize(("parts", "size"), [*product(([1], [1, 2]), (1, 2, 3))])
def test_the_smallest_sources_work(parts: list[int], size: int) -> None:
    block = _draws(parts, [size] * len(parts)).block(3)
    assert set(block.item.tolist()) == set(range(size))


# --- a few shards at a time


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=12),
    st.integers(1, 6),
    st.integers(0, 2**63),
    st.integers(0, 10**6),
)
@settings(max_examples=60, deadline=None)
def test_shards_come_in_groups_and_every_item_once(
    sizes: list[int], together: int, seed: int, epoch: int
) -> None:
    order = ShardOrder(sizes, together, np.uint64(seed))
    count = sum(sizes)
    items = order.items(np.arange(count), np.full(count, epoch))
    assert sorted(items) == list(range(count))
    shard = np.searchsorted(np.cumsum(sizes), items, side="right")
    visits = [set(shard[shard_runs]) for shard_runs in _runs(shard, together)]
    assert all(len(visit) <= together for visit in visits)
    assert sum(len(visit) for visit in visits) == len(sizes)  # none is left and taken up again
    again = order.items(np.arange(count)[::-1], np.full(count, epoch))[::-1]
    assert np.array_equal(items, again)


def _runs(shard: np.ndarray, together: int) -> list[np.ndarray]:
    """Positions cut where a further shard begins after `together` have been finished."""
    runs, start, seen = [], 0, set()
    for at, one in enumerate(shard):
        if one not in seen and len(seen) == together and not seen & set(shard[at:]):
            runs.append(np.arange(start, at))
            start, seen = at, set()
        seen.add(one)
    return [*runs, np.arange(start, len(shard))]


def test_groups_of_shards_differ_between_epochs() -> None:
    order = ShardOrder([10] * 40, 4, np.uint64(1))
    first = [set(order.items(np.arange(40), np.full(40, e)) // 10) for e in range(3)]
    assert all(len(group) == 4 for group in first)
    assert first[0] != first[1] != first[2]


def test_mixing_shard_by_shard_keeps_the_ratio() -> None:
    parts = shares([Fraction(4), Fraction(1)])
    draws = Draws(["a", "b"], parts, [[7] * 300, [5, 9]], seed=2, together=3)
    blocks = [draws.block(n) for n in range(5)]
    for block in blocks:
        assert np.array_equal(np.bincount(block.source), [800, 200])
    items = np.concatenate([b.item[(b.source == 0) & (b.epoch == 0)] for b in blocks])
    assert len(set(items)) == len(items) == 2100
    assert max(len(set(b.item[b.source == 0] // 7)) for b in blocks) <= 800 // 7 + 6
