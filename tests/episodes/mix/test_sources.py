"""What may be asked of a mix: weights, ratios, groups, filters, limits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from episodes import Library, Mix
from episodes.errors import UserError
from episodes.mix.mix import build, table
from episodes.mix.sources import flatten
from tests.mixing import episodes, make_library


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sources")
    found = [
        replace(one, task=("bench_place", "bin_pick")[n % 2], extra={"quality": n, "operator": "a"})
        for n, one in enumerate(episodes(8))
    ]
    make_library(root / "sim", found)
    make_library(root / "more", episodes(3, seed=2))
    return root


def parts(entries: Any, ratio: Any = None) -> dict[str, Fraction]:
    return {one.name: one.part for one in flatten(entries, ratio)}


def source(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "path": name, **more}


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_weights_are_relative_and_exact(weights: list[int]) -> None:
    found = parts([source(f"s{n}", weight=w) for n, w in enumerate(weights)])
    assert list(found.values()) == [Fraction(w, sum(weights)) for w in weights]


def test_a_decimal_weight_is_the_number_that_was_written() -> None:
    found = parts([source("a", weight=0.1), source("b", weight=0.2), source("c")])
    assert found == {"a": Fraction(1, 13), "b": Fraction(2, 13), "c": Fraction(10, 13)}


def test_ratio_names_parts_of_the_whole_and_the_rest_is_shared_by_weight() -> None:
    entries = [source("sim", weight=3), source("old", weight=1), source("real", weight=9)]
    assert parts(entries, {"real": 0.2}) == {
        "sim": Fraction(3, 5),
        "old": Fraction(1, 5),
        "real": Fraction(1, 5),
    }
    assert parts(entries[::2], {"real": 0.2, "sim": 0.8})["sim"] == Fraction(4, 5)
    assert parts(entries[::2], {"sim": 0.995})["real"] == Fraction(1, 200)


def test_a_ratio_of_nothing_or_everything_leaves_sources_out() -> None:
    entries = [source("sim"), source("real")]
    assert parts(entries, {"sim": 1}) == {"sim": 1}
    assert parts(entries, {"sim": 0.0}) == {"real": 1}


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        ({"sim": 0.8, "real": 0.3}, "ratio sums to 1.1, not 1"),
        ({"sim": 0.8, "real": 0.1}, "ratio sums to 0.9, not 1"),
        ({"simm": 0.8}, "unknown source in ratio 'simm'; did you mean 'sim'"),
        ({"sim": "lots"}, "ratio.sim must be a positive number"),
        (0.8, "ratio must be like"),
    ],
)
def test_an_impossible_ratio_is_one_clear_line(ratio: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        flatten([source("sim"), source("real")], ratio)


def test_groups_share_their_weight_out() -> None:
    group = {
        "name": "sim",
        "weight": 80,
        "sources": [
            source("a", weight=1),
            {
                "name": "rest",
                "weight": 1,
                "sources": [source("b", weight=1), source("c", weight=3)],
            },
        ],
    }
    expected = {
        "sim/a": Fraction(2, 5),
        "sim/rest/b": Fraction(1, 10),
        "sim/rest/c": Fraction(3, 10),
        "real": Fraction(1, 5),
    }
    assert parts([group, source("real", weight=20)]) == expected
    half = parts([group, source("real", weight=20)], {"real": 0.5})
    assert half["sim/a"] == Fraction(1, 4)


def test_a_group_gives_half_to_one_task(home: Path, tmp_path: Path) -> None:
    config = {
        "sources": [
            {
                "name": "sim",
                "filter": {"success": True},
                "sources": [
                    {"name": task, "path": str(home / "sim"), "filter": {"task": task}}
                    for task in ("bench_place", "bin_pick")
                ],
            }
        ]
    }
    mix = Mix(tmp_path / "m.json") if build(tmp_path / "m.json", config) else None
    rows = {row.index: row for row in Library(home / "sim").rows}
    drawn = [mix.draw(i) for i in range(1000)]
    assert Counter(d.source for d in drawn) == {"sim/bench_place": 500, "sim/bin_pick": 500}
    for draw in drawn:
        assert draw.source == f"sim/{rows[draw.episode].task}"
        assert rows[draw.episode].success


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"success": True}, {0, 1, 2, 3, 5, 6, 7}),
        ({"success": False}, {4}),
        ({"failure": ["dropped", "timeout"]}, {4}),
        ({"task": "bin_pick", "quality": {"min": 3}}, {3, 5, 7}),
        ({"quality": {"min": 2, "max": 4}}, {2, 3, 4}),
        ({"steps": {"max": 13}}, {0, 1}),
        ({"language": "ko"}, set(range(8))),
        ({"operator": "a", "index": [1, 6]}, {1, 6}),
    ],
)
def test_a_filter_chooses_episodes(
    home: Path, tmp_path: Path, wanted: dict[str, Any], expected: set[int]
) -> None:
    config = {"sources": [{"path": str(home / "sim"), "filter": wanted}], "keys": ["actions"]}
    found = build(tmp_path / "m.json", config)
    assert set(found.sources[0].chosen) == expected
    mix = Mix(tmp_path / "m.json")
    assert {mix.draw(i).episode for i in range(1000)} == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"task": "peg_round"}, "lets none of the 8 episodes"),
        ({"success": 1}, "lets none of the 8 episodes"),
        (
            {"qualty": 3},
            "unknown attribute in the filter of 'sim': 'qualty'; did you mean 'quality'",
        ),
        ({"language": "jp"}, "lets none"),
        ({"quality": {"least": 3}}, "unknown key of a filter's range 'least'"),
        (["success"], "filter of 'sim' must be like"),
    ],
)
def test_a_filter_that_fits_nothing_is_one_clear_line(
    home: Path, tmp_path: Path, wanted: Any, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        build(tmp_path / "m.json", {"sources": [{"path": str(home / "sim"), "filter": wanted}]})
    assert list(tmp_path.iterdir()) == []


def test_max_repeats_says_what_would_do(home: Path, tmp_path: Path) -> None:
    sources = [{"path": str(home / name)} for name in ("sim", "more")]
    config: dict[str, Any] = {"sources": sources, "draws": 3000, "max_repeats": 20}
    with pytest.raises(UserError, match=r"'more' would be seen 38.46 times in 3,000 dr") as caught:
        build(tmp_path / "m.json", config)
    assert "at most 26.000% of the draws for it, or draws=1560, or a higher" in str(caught.value)
    with pytest.raises(UserError, match=r"max_repeats=20; choose draws=1560, or a higher"):
        build(tmp_path / "m.json", {**config, "draws": 4000})
    assert list(tmp_path.iterdir()) == []
    assert build(tmp_path / "draws.json", {**config, "draws": 1560})
    assert build(tmp_path / "m.json", {**config, "ratio": {"more": 0.26}})


def test_the_planned_length_shows_every_source_in_full(home: Path, tmp_path: Path) -> None:
    sources = [
        {"path": str(home / "sim"), "weight": 90},
        {"path": str(home / "more"), "weight": 10},
    ]
    found = build(tmp_path / "m.json", {"sources": sources})
    mix = Mix(tmp_path / "m.json")
    seen = {(d.source, d.episode, d.step) for d in map(mix.draw, range(len(mix)))}
    assert len(seen) == sum(one.steps for one in found.sources)


def test_an_unfinished_library_is_noted(tmp_path: Path) -> None:
    make_library(tmp_path / "half", episodes(6), shard_size=3)
    for name in ("00001.h5", "00001.json"):
        (tmp_path / "half" / "shards" / name).unlink()
    found = build(tmp_path / "m.json", {"sources": [{"path": str(tmp_path / "half")}]})
    assert "note: half holds 3 of 6 episodes" in table(found)


def test_a_weight_too_small_to_count_is_refused(home: Path, tmp_path: Path) -> None:
    sources = [
        {"path": str(home / "sim"), "weight": 1},
        {"path": str(home / "more"), "weight": 1e-9},
    ]
    with pytest.raises(UserError, match="below one part in 10,000,000"):
        build(tmp_path / "m.json", {"sources": sources})
