"""A mix end to end: libraries in, a manifest, windows out."""

from __future__ import annotations

import multiprocessing
import pickle
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from episodes import Library, Mix
from episodes.errors import UserError
from episodes.mix import lowdim
from episodes.mix.mix import Draw, audit, build, table
from tests.mixing import ONE_CAMERA, episodes, make_library, real

BLOCK = 1000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mix")
    make_library(root / "sim", episodes(8))
    make_library(root / "real", real(5))
    return root


def sources(home: Path, sim: Any = 80, real: Any = 20) -> list[dict[str, Any]]:
    return [
        {"name": "sim", "path": str(home / "sim"), "weight": sim},
        {"name": "real", "path": str(home / "real"), "weight": real},
    ]


def mixed(home: Path, out: Path, **config: Any) -> Mix:
    build(out, {"sources": sources(home), **ONE_CAMERA, **config})
    return Mix(out)


def draws(mix: Mix, count: int, first: int = 0) -> list[Draw]:
    return [mix.draw(i) for i in range(first, first + count)]


# --- what is drawn


@pytest.mark.parametrize(("sim", "real"), [(80, 20), (1, 1), (0.5, 99.5), ("1/2", "3")])
def test_every_aligned_block_of_a_thousand_draws_holds_the_ratio(
    home: Path, tmp_path: Path, sim: Any, real: Any
) -> None:
    build(tmp_path / "m.json", {"sources": sources(home, sim, real), **ONE_CAMERA})
    mix = Mix(tmp_path / "m.json")
    share = {"1/2": 1 / 7}.get(sim) or float(sim) / (float(sim) + float(real))
    for first in (0, 3000, 10**9):
        counts = Counter(draw.source for draw in draws(mix, BLOCK, first))
        assert abs(counts["sim"] - BLOCK * share) < 1
        assert counts["sim"] + counts["real"] == BLOCK


@pytest.mark.parametrize("by", ["frame", "window"])
def test_an_epoch_holds_every_start_of_a_source_once(home: Path, tmp_path: Path, by: str) -> None:
    mix = mixed(home, tmp_path / "m.json", by=by, horizon=4)
    stride = 4 if by == "window" else 1
    expected = {
        (row.index, step)
        for row in Library(home / "sim").rows
        for step in range(0, row.steps, stride)
    }
    first = [d for d in draws(mix, 2 * BLOCK) if d.source == "sim" and d.epoch == 0]
    assert len(first) == len(expected)
    assert {(d.episode, d.step) for d in first} == expected


def test_by_episode_long_ones_count_no_more_than_short_ones(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path / "m.json", by="episode")
    drawn = [d for d in draws(mix, BLOCK) if d.source == "sim"]
    counts = Counter(d.episode for d in drawn)
    assert max(counts.values()) - min(counts.values()) <= 1
    steps = {row.index: row.steps for row in Library(home / "sim").rows}
    for episode, length in steps.items():  # no step again before all of them were seen
        of_episode = [d.step for d in sorted(drawn, key=lambda d: d.epoch) if d.episode == episode]
        assert sorted(of_episode[:length]) == list(range(length))


def test_by_hour_the_time_is_shared_out_not_the_frames(home: Path, tmp_path: Path) -> None:
    build(tmp_path / "m.json", {"sources": sources(home, 1, 1), **ONE_CAMERA, "by": "hour"})
    counts = Counter(d.source for d in draws(Mix(tmp_path / "m.json"), BLOCK))
    assert counts == {"sim": 800, "real": 200}  # 20 Hz and 5 Hz
    assert "50.00%" in table(Mix(tmp_path / "m.json").manifest)


def test_cold_storage_is_read_a_shard_at_a_time(home: Path, tmp_path: Path) -> None:
    build(tmp_path / "m.json", {"sources": sources(home)[:1], "shards": 1})
    mix = Mix(tmp_path / "m.json")
    rows = {row.index: row for row in Library(home / "sim").rows}
    total = sum(row.steps for row in rows.values())
    drawn = [mix.draw(i) for i in range(20 * BLOCK)]
    for epoch in range(3):
        assert len({d[1:3] for d in drawn if d.epoch == epoch}) == total
    assert all(np.isfinite(mix[i]["actions"]).all() for i in range(50))


def test_draws_are_a_pure_function_of_manifest_and_index(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path / "m.json", seed=3)
    wanted = [5000, 3, 999, 1000, 10**12 + 7, 0]
    backwards = {i: mix.draw(i) for i in reversed(wanted)}
    again = Mix(tmp_path / "m.json", draws=17)
    assert all(again.draw(i) == backwards[i] for i in wanted)
    other = mixed(home, tmp_path / "other.json", seed=4)
    assert draws(other, 20) != draws(mix, 20)


# --- what is delivered


def test_a_window_is_what_the_library_holds(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path / "m.json", horizon=5, history=3)
    libraries = {name: Library(home / name) for name in ("sim", "real")}
    padded = 0
    for i in range(150):
        sample, draw = mix[i], mix.draw(i)
        assert (sample["source"], sample["episode"], sample["step"], sample["epoch"]) == draw
        episode = libraries[draw.source].read(draw.episode)
        assert (sample["domain"], sample["robot"]) == (episode.domain, episode.robot)
        assert (sample["task"], sample["instruction"]) == (episode.task, episode.instruction)
        seen = np.arange(draw.step - 2, draw.step + 1)
        done = np.arange(draw.step, draw.step + 5)
        assert np.array_equal(sample["mask/obs"], seen >= 0)
        assert np.array_equal(sample["mask/actions"], done < episode.steps)
        assert np.array_equal(sample["obs/ee_pose"], episode.obs["ee_pose"][seen.clip(0)])
        real_steps = done[done < episode.steps]
        actions = sample["actions"]
        assert actions.shape == (5, 7)
        assert np.array_equal(actions[: len(real_steps)], episode.actions[real_steps])
        assert not actions[len(real_steps) :, :6].any()  # no motion after the end,
        assert np.all(actions[len(real_steps) :, 6] == episode.actions[-1, 6])  # the grip held
        padded += len(real_steps) < 5
    assert padded > 10


def test_pictures_arrive_bit_for_bit(home: Path, tmp_path: Path) -> None:
    config = {"sources": sources(home)[:1], "history": 2, "keys": ["actions", "obs/*"]}
    build(tmp_path / "m.json", config)
    mix, library = Mix(tmp_path / "m.json"), Library(home / "sim")
    for i in range(40):
        sample = mix[i]
        episode = library.read(sample["episode"])
        at = np.arange(sample["step"] - 1, sample["step"] + 1).clip(0)
        for name, track in episode.cameras.items():
            assert np.array_equal(sample[f"obs/{name}_image"], track.rgb[at])
            assert np.array_equal(sample[f"obs/{name}_depth"], track.depth[at])
            assert np.array_equal(sample[f"obs/{name}_segmentation"], track.segmentation[at])


@pytest.mark.parametrize(
    "config",
    [
        {"history": 3, "horizon": 5},
        {"missing_keys": "mask", "normalize": "per_source", "horizon": 40},
        {"hz": 5.0, "history": 2, "normalize": "global"},
    ],
    ids=["own rate", "masked and normalised", "one of two resampled"],
)
def test_a_window_does_not_depend_on_what_is_kept_in_memory(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> None:
    roomy = mixed(home, tmp_path / "m.json", **config)
    monkeypatch.setattr(lowdim, "KEPT", 8192)  # of a few episodes
    narrow = Mix(tmp_path / "m.json")
    monkeypatch.setattr(lowdim, "KEPT", 0)
    none = Mix(tmp_path / "m.json")
    for i in range(120):
        sample = roomy[i]
        for other in (narrow[i], none[i]):
            assert sample.keys() == other.keys()
            for name, value in sample.items():
                assert np.array_equal(value, other[name]), name


def test_depth_and_ids_cost_time_and_come_only_when_asked_for(home: Path, tmp_path: Path) -> None:
    build(tmp_path / "m.json", {"sources": sources(home)[:1]})
    assert not [k for k in Mix(tmp_path / "m.json")[0] if k.endswith(("_depth", "_segmentation"))]


def test_samples_of_all_sources_stack(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path / "m.json", history=2)
    samples = [mix[i] for i in range(60)]
    assert len({s["domain"] for s in samples}) == 2
    arrays = [name for name, value in samples[0].items() if isinstance(value, np.ndarray)]
    assert "obs/ee_pose" in arrays
    assert "obs/wrench" not in arrays  # real lacks it; the table says so
    assert re.search("note: left out .*obs/wrench.*: real lacks it", table(mix.manifest))
    for name in arrays:
        assert np.stack([s[name] for s in samples]).shape[0] == 60
        assert all(s[name].flags.writeable for s in samples)


def test_iteration_ends_at_the_planned_length(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path / "m.json", draws=30, cameras=None, keys=["actions"])
    assert len(mix) == len(list(mix)) == 30
    with pytest.raises(IndexError):
        mix[30]
    with pytest.raises(IndexError):
        mix[-1]
    assert len(Mix(tmp_path / "m.json", draws=7)) == 7


# --- processes


def _read(mix: Mix, indices: list[int]) -> list[bytes]:
    return [mix[i]["obs/ee_pose"].tobytes() + mix[i]["actions"].tobytes() for i in indices]


def _work(mix: Mix, indices: list[int], answers: Any) -> None:
    answers.put(_read(mix, indices))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_may_inherit_it_after_use(home: Path, tmp_path: Path, method: str) -> None:
    mix = mixed(home, tmp_path / "m.json", history=2)
    indices = list(range(40))
    expected = _read(mix, indices)
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    workers = [
        context.Process(target=_work, args=(mix, indices, answers), daemon=True) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    assert [answers.get(timeout=100) for _ in workers] == [expected, expected]
    for worker in workers:
        worker.join(100)
        assert worker.exitcode == 0
    assert _read(mix, indices) == expected


def test_it_is_picklable_before_and_after_use(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path / "m.json")
    for _ in range(2):
        copy = pickle.loads(pickle.dumps(mix))
        assert _read(copy, [3, 700]) == _read(mix, [3, 700])


def test_it_works_in_a_torch_data_loader(home: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    mix = mixed(home, tmp_path / "m.json", draws=40, history=2)
    loader = torch.utils.data.DataLoader(mix, batch_size=8, num_workers=2)
    batches = list(loader)
    assert [list(map(int, b["step"])) for b in batches] == [
        [mix.draw(8 * n + k).step for k in range(8)] for n in range(5)
    ]
    assert batches[0]["actions"].shape == (8, 16, 7)


# --- the manifest


def test_the_manifest_is_small_text_and_always_the_same(home: Path, tmp_path: Path) -> None:
    build(tmp_path / "a.json", {"sources": sources(home), **ONE_CAMERA})
    build(tmp_path / "b.json", {"sources": sources(home), **ONE_CAMERA})
    text = (tmp_path / "a.json").read_text()
    assert text == (tmp_path / "b.json").read_text()
    assert len(text) < 10_000
    assert Library(home / "real").fingerprint() in text


def test_the_same_mix_again_is_fine_and_another_is_never_written_over(
    home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "m.json"
    build(out, {"sources": sources(home), **ONE_CAMERA})
    before = out.read_bytes()
    build(out, {"sources": sources(home), **ONE_CAMERA})
    with pytest.raises(UserError, match="exists and is another file"):
        build(out, {"sources": sources(home), **ONE_CAMERA, "seed": 1})
    assert out.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.json"]


def test_libraries_beside_the_manifest_may_move_with_it(tmp_path: Path) -> None:
    make_library(tmp_path / "here" / "runs" / "a", episodes(2))
    build(tmp_path / "here" / "m.json", {"sources": [{"path": tmp_path / "here" / "runs" / "a"}]})
    expected = draws(Mix(tmp_path / "here" / "m.json"), 5)
    (tmp_path / "here").rename(tmp_path / "there")
    mix = Mix(tmp_path / "there" / "m.json")
    assert mix.manifest.sources[0].path == "runs/a"
    assert draws(mix, 5) == expected
    assert mix[0]["actions"].shape == (16, 7)


def test_a_changed_library_is_refused(tmp_path: Path) -> None:
    make_library(tmp_path / "a", episodes(2))
    build(tmp_path / "m.json", {"sources": [{"path": str(tmp_path / "a"), "name": "mine"}]})
    (tmp_path / "a").rename(tmp_path / "old")
    with pytest.raises(UserError, match=r"source 'mine' of .*no such folder"):
        Mix(tmp_path / "m.json")
    make_library(tmp_path / "a", episodes(2, seed=1))
    with pytest.raises(UserError, match=r"'mine'.*has changed since the mix was made") as caught:
        Mix(tmp_path / "m.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: "{}",
        lambda text: text[:-20],
        lambda text: text.replace("cellwright-mix-1", "cellwright-mix-9"),
        lambda text: text.replace('"share": "4/5"', '"share": "3/5"'),
        lambda text: text.replace('"chosen": "0-7"', '"chosen": "0-700"'),
        lambda text: text.replace('"chosen": "0-7"', '"chosen": "0-99999999999999"'),
        lambda text: text.replace('"horizon": 16', '"horizon": 0'),
        lambda text: text.replace('"by": "frame"', '"by": "frames"'),
    ],
)
def test_a_damaged_manifest_is_one_clear_line(home: Path, tmp_path: Path, spoil: Any) -> None:
    build(home / "spoilt.json", {"sources": sources(home), **ONE_CAMERA})
    text = (home / "spoilt.json").read_text()
    (home / "spoilt.json").unlink()
    (tmp_path / "m.json").write_text(spoil(text.replace('"path": "', f'"path": "{home}/')))
    with pytest.raises(UserError) as caught:
        Mix(tmp_path / "m.json")
    assert "\n" not in str(caught.value)


def test_a_shard_that_was_cut_short_is_named(home: Path, tmp_path: Path) -> None:
    root = make_library(tmp_path / "a", episodes(3))
    build(tmp_path / "m.json", {"sources": [{"path": str(root)}], "keys": ["obs/front_image"]})
    mix = Mix(tmp_path / "m.json")
    assert mix[0]["obs/front_image"].shape == (1, 24, 32, 3)
    shard = root / "shards" / "00000.h5"
    data = bytearray(shard.read_bytes())
    for place in range(len(data) // 3, len(data)):
        data[place] ^= 0xFF
    shard.write_bytes(data)  # under the open file, as a failing disk would
    with pytest.raises(UserError, match=r"front_image rows .* damaged"):
        [mix[i] for i in range(40)]


# --- the table and the audit


def test_the_table_tells_what_was_asked_and_what_comes(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path / "m.json")
    lines = table(mix.manifest).splitlines()
    for head in ("source", "domain", "weight asked", "share got", "episodes", "steps", "hours"):
        assert head in lines[0]
    assert lines[0].endswith("effective repeats")
    steps = sum(row.steps for row in Library(home / "real").rows)
    assert lines[2].split()[:6] == ["real", "real", "20", "20.00%", "5", str(steps)]
    assert lines[2].split()[-1] == f"{0.2 * len(mix) / steps:.3g}x"


def test_the_audit_counts_every_draw(home: Path, tmp_path: Path) -> None:
    mixed(home, tmp_path / "m.json")
    counted = audit(tmp_path / "m.json", 20_000)
    assert counted.exact
    assert counted.counts == [16_000, 4_000]
    assert "20,000 draws by frame, in 20 whole blocks: exact" in str(counted)
    real_steps = sum(row.steps for row in Library(home / "real").rows)
    assert f"{real_steps} of {real_steps}" in str(counted)
    whole, rest = divmod(4000, real_steps)
    assert f"{whole}..{whole + bool(rest)}" in str(counted).splitlines()[2]


# --- bad input


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"sources": []}, "sources is empty"),
        ({"sources": None}, "sources is empty"),
        ({"sources": ["runs/a"]}, "must be like"),
        ({"sources": [{"name": "sim"}]}, "needs a path"),
        ({"sources": [{"path": "", "name": "a"}]}, "a path is empty"),
        ({"sources": [{"path": "nowhere"}]}, "source 'nowhere': no such folder"),
        (
            {"sources": [{"path": "sim", "wieght": 3}]},
            "unknown key.*'wieght'.*did you mean 'weight'",
        ),
        ({"sources": [{"path": "sim", "weight": 0}, {"path": "real", "weight": 0}]}, "all zero"),
        ({"sources": [{"path": "sim", "weight": 0}, {"path": "real"}]}, "weight of 'sim' is 0"),
        ({"sources": [{"path": "sim", "weight": -1}]}, "it must be positive"),
        ({"sources": [{"path": "sim", "weight": "much"}]}, "must be a positive number, not 'much'"),
        ({"sources": [{"path": "sim", "weight": float("nan")}]}, "must be a positive number"),
        ({"sources": [{"path": "sim"}, {"path": "sim"}]}, "two sources are called 'sim'"),
        ({"sources": [{"path": "empty"}]}, "has no episodes with steps"),
        ({"sources": [{"path": "sim"}], "by": "frames"}, "did you mean 'frame'"),
        ({"sources": [{"path": "sim"}], "draws": 0}, "draws=0 is too small: it must be 1 or more"),
        (
            {"sources": [{"path": "sim"}], "horizon": 0},
            "horizon=0 is too small: it must be 1",
        ),
        ({"sources": [{"path": "sim"}], "seed": -1}, "seed=-1 is too small: it must be 0 or more"),
        ({"sources": [{"path": "sim"}], "colour": 1}, "unknown key 'colour'"),
        (
            {"sources": [{"path": "sim"}], "image_size": [0, 4]},
            "image_size=.* between 1 and 8192",
        ),
        ({"sources": [{"path": "sim"}], "max_repeats": 2, "draws": 10**6}, "over max_repeats=2"),
        ({"sources": [{"path": "sim"}], "hz": 0}, "hz=0 is too small: it must be above 0"),
        ({"sources": [{"path": "sim"}], "cameras": {"main": None}}, "cameras.main must be a list"),
        ({"sources": [{"path": "sim"}], "cameras": ["front"]}, "cameras must be a mapping"),
        ({"sources": [{"path": "sim"}], "keys": [3]}, "keys must be a list of names"),
        (
            {"sources": [{"path": "sim"}], "shards": 0},
            "shards=0 is too small: it must be 1",
        ),
    ],
)
def test_bad_input_is_one_clear_line_and_leaves_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any, message: str
) -> None:
    if not (home / "empty").exists():
        make_library(home / "empty", [])
    monkeypatch.chdir(home)
    with pytest.raises(UserError, match=message) as caught:
        build(tmp_path / "m.json", config)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_manifest_is_said_so(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no manifest at"):
        Mix(tmp_path / "m.json")
    with pytest.raises(UserError, match="no manifest at"):
        Mix(home / "sim")
    with pytest.raises(UserError, match="is no mix of format"):
        Mix(home / "sim" / "library.json")
    with pytest.raises(UserError, match="nothing to count"):
        audit(tmp_path / "m.json", 0)
