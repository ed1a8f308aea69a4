"""A library that is asked for more episodes keeps what it has and goes on."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from episodes.check.check import check
from episodes.errors import UserError
from episodes.storage import growth, store
from generators.production.plan import finished, settled
from generators.production.produce import produce
from generators.production.repair import damaged, released
from tests.faults.makers import assert_whole, config_for, hashes, plan_for


@pytest.mark.parametrize("size", [1, 3, 4, 20])
def test_shards_share_out_every_episode_once(size: int) -> None:
    for ends in [(9,), *combinations((4, 5, 8, 13), 2), (1, 2, 3), (4, 8, 9, 13)]:
        count = growth.shards(ends, size)
        held = [growth.episodes_of(ends, size, shard) for shard in range(count)]
        assert [i for one in held for i in one] == list(range(ends[-1]))
        assert all(0 < len(one) <= size for one in held)
        assert [growth.shard_of(ends, size, i) for i in range(ends[-1])] == [
            shard for shard, one in enumerate(held) for _ in one
        ]
        assert not growth.episodes_of(ends, size, count)
        for shard in range(growth.shards(ends[:1], size)):  # what was committed stays
            assert held[shard] == growth.episodes_of(ends[:1], size, shard)


def made(out: Path, episodes: int, maker: str = "good") -> int:
    return produce([settled(plan_for(out, maker, episodes))], config_for())


def test_a_grown_library_holds_what_one_made_at_once_holds(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 6) == 0  # shards of 4: the last one is half full
    before = {p: p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
    assert not finished(settled(plan_for(out, "good", 11)))
    assert made(out, 11) == 0
    assert made(out, 17) == 0
    assert finished(settled(plan_for(out, "good", 17)))
    assert {p: p.read_bytes() for p in before} == before
    assert made(tmp_path / "once", 17) == 0
    assert_whole(out, hashes(tmp_path / "once"))
    assert store.describe(out)["episodes"] == 17
    assert check(out, records_only=True) == []
    with pytest.raises(UserError, match="episodes=17, and never shrinks"):
        made(out, 11)


def test_a_shard_of_the_new_part_is_repaired_and_tried_again(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 3, "raising") == 0
    assert made(out, 9, "raising") == 5  # episode 5 is in shard 1, of 3 to 6
    assert sorted(hashes(out)) == [0, 1, 2, 3, 4, 6, 7, 8]
    assert produce([settled(plan_for(out, "good", 9))], config_for(), released) == 0
    assert made(tmp_path / "once", 9) == 0
    assert_whole(out, hashes(tmp_path / "once"))
    (out / "shards" / "00002.h5").unlink()
    assert list(damaged(out)) == [2]
    assert made(out, 9) == 0
    assert_whole(out, hashes(tmp_path / "once"))


def test_of_two_that_grow_at_once_one_comes_first(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 4) == 0
    mine, other = (settled(plan_for(out, "good", count)) for count in (8, 12))
    growth.grow(out, other.ends)
    with pytest.raises(UserError, match="asked for 12 episodes by another run just now"):
        growth.grow(out, mine.ends)
    growth.grow(out, other.ends)
    growth.grow(out, (4,))  # a run that began before goes on
    assert store.ends(out) == (4, 12)


@pytest.mark.parametrize("note", ["{", "[]", '{"episodes": 4}', '{"episodes": true}', "1e999"])
def test_a_broken_note_is_named(note: str, tmp_path: Path) -> None:
    assert made(tmp_path / "lib", 4) == 0
    (tmp_path / "lib" / "grown-00001.json").write_text(note)
    with pytest.raises(UserError, match=r"grown-00001\.json"):
        store.describe(tmp_path / "lib")
    (tmp_path / "lib" / "grown-00001.json").write_text(json.dumps({"episodes": 5}))
    assert store.missing(tmp_path / "lib") == [1]
