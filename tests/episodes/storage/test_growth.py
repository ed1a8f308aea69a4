"""A library that is asked for more episodes keeps what it has and goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from episodes.check.check import check
from episodes.errors import UserError
from episodes.storage import growth, store
from episodes.storage.library import Library
from generators.production.plan import GROW, Plan, finished, nothing_to_do, resumed
from generators.production.produce import produce
from generators.production.repair import damaged, released
from tests.faults.makers import assert_whole, config_for, hashes, plan_for
from tests.inline_pool import work_inline


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Growth does not hang on who makes the shards: test_pool and test_killing look at that."""
    work_inline(monkeypatch)


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
    return produce([resumed(plan_for(out, maker, episodes))], config_for())


def test_a_grown_library_holds_what_one_made_at_once_holds(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 6) == 0  # shards of 4: the last one is half full
    before = {p: p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
    assert not finished(resumed(plan_for(out, "good", 11)))
    assert made(out, 11) == 0
    assert made(out, 17) == 0
    assert finished(resumed(plan_for(out, "good", 17)))
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
    assert produce([resumed(plan_for(out, "good", 9))], config_for(), released) == 0
    assert made(tmp_path / "once", 9) == 0
    assert_whole(out, hashes(tmp_path / "once"))
    (out / "shards" / "00002.h5").unlink()
    assert list(damaged(out)) == [2]
    assert made(out, 9) == 0
    assert_whole(out, hashes(tmp_path / "once"))


def test_of_two_that_grow_at_once_one_comes_first(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 4) == 0
    mine, other = (resumed(plan_for(out, "good", count)) for count in (8, 12))
    growth.grow(out, other.ends, other.versions)
    with pytest.raises(UserError, match="asked for 12 episodes by another run just now"):
        growth.grow(out, mine.ends, mine.versions)
    growth.grow(out, other.ends, other.versions)
    growth.grow(out, (4,), mine.versions)  # a run that began before goes on
    assert store.ends(out) == (4, 12)


def by_other_code(out: Path, episodes: int, code: str = "other") -> Plan:
    """What a plan is after an edit: another version, and so another spec_id."""
    versions = {"cellwright": "test", "code": code}
    return replace(plan_for(out, "good", episodes), spec_id="6" * 64, versions=versions)


def test_other_code_does_nothing_to_what_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 4) == 0
    plan = resumed(by_other_code(out, 4))
    assert finished(plan)
    assert nothing_to_do(plan).endswith("nothing to do (made by other code: code -, now other)")
    assert not nothing_to_do(resumed(plan_for(out, "good", 4))).endswith(")")


def test_other_code_grows_a_library_only_when_told_to_and_that_is_noted(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 4) == 0
    there = {p: p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
    with pytest.raises(UserError, match=r"made by other code \(code -, now other\); give on_other"):
        resumed(by_other_code(out, 9))
    assert produce([resumed(by_other_code(out, 9), GROW)], config_for()) == 0
    assert sorted(hashes(out)) == list(range(9))
    assert {p: p.read_bytes() for p in there} == there
    note = json.loads((out / "grown-00001.json").read_text())
    assert note == {"episodes": 9, "versions": {"cellwright": "test", "code": "other"}}
    assert [store.versions(out, shard).get("code") for shard in (0, 1)] == [None, "other"]
    assert {shard.spec_id for shard in Library(out).shards} == {"5" * 64}
    assert produce([resumed(by_other_code(out, 10))], config_for()) == 0  # the same as the last
    with pytest.raises(UserError, match="code other, now -"):
        resumed(plan_for(out, "good", 11))
    [told] = check(out, records_only=True)
    assert told.severity == "warning"
    assert "by other code than what was made before: code -, now other" in str(told)
    assert told.field == "grown-00001.json"


def test_what_other_code_left_unfinished_is_finished_by_this(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 10) == 0
    for name in ("00002.json", "00002.h5"):
        (out / "shards" / name).unlink()
    with pytest.raises(UserError, match="on_other_code=grow"):
        resumed(by_other_code(out, 10))
    assert produce([resumed(by_other_code(out, 10), GROW)], config_for()) == 0
    assert store.ends(out) == (10, 10)
    assert sorted(hashes(out)) == list(range(10))
    assert store.versions(out, 2)["code"] == "other"
    assert finished(resumed(by_other_code(out, 10)))


def test_of_two_codes_that_grow_at_once_one_comes_first(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 4) == 0
    mine, other = (resumed(by_other_code(out, 8, code), GROW) for code in ("mine", "other"))
    growth.grow(out, other.ends, other.versions)
    with pytest.raises(UserError, match="by other code just now; run this again"):
        growth.grow(out, mine.ends, mine.versions)


def test_another_recipe_is_no_other_code(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    assert made(out, 4) == 0
    plan = by_other_code(out, 4)
    with pytest.raises(UserError, match="holds another library"):
        resumed(replace(plan, recipe={**plan.recipe, "nap": 1.0}), GROW)


@pytest.mark.parametrize("note", ["{", "[]", '{"episodes": 4}', '{"episodes": true}', "1e999"])
def test_a_broken_note_is_named(note: str, tmp_path: Path) -> None:
    assert made(tmp_path / "lib", 4) == 0
    (tmp_path / "lib" / "grown-00001.json").write_text(note)
    with pytest.raises(UserError, match=r"grown-00001\.json"):
        store.describe(tmp_path / "lib")
    (tmp_path / "lib" / "grown-00001.json").write_text(json.dumps({"episodes": 5}))
    assert store.missing(tmp_path / "lib") == [1]
