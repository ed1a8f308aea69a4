"""Configs, records, notes, mixes, caches, texts and names that hypothesis makes up, given to the
command: no code runs, nothing changes but `out`, no traceback, an exit code from the list, and for
a small input little time and memory. `make fuzz` runs it for longer."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from episodes.shown import file_name, markdown, shown
from generators.command.cli import dispatch
from sim import cache
from tests.libraries import make_library_and_mix

LONG = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SECONDS, BYTES = 2.0, 500_000_000  # of a core, and more than before


def examples(quick: int, share: float = 1.0) -> settings:
    """A few in the quick suite; in `make fuzz` a share of what it asks for: some cost more."""
    return settings(
        max_examples=max(quick, int(share * LONG)),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 2**63, 10**30, 1.5, float("inf"), "", "\ud800", "../../x", "/etc/passwd",
     "\x1b[2J", "1/0", [], {}, [[]], {"a": {}}, "x" * 300]
)  # fmt: skip
PLAIN = ODD | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library, a mix of it, and an empty folder for configs."""
    root = tmp_path_factory.mktemp("attacked")
    make_library_and_mix(root, 4, (8, 6))
    (root / "lib" / "quarantine").mkdir()
    (root / "lib" / "quarantine" / "000002.json").write_text('{"index": 2, "reason": "x"}')
    (root / "lib" / "grown-00001.json").write_text('{"episodes": 4}')
    (root / "conf" / "task").mkdir(parents=True)
    return root


@contextmanager
def promises(root: Path) -> Iterator[None]:
    """Nothing below changes but `out`, and little time and memory are taken."""

    def files() -> dict[Path, bytes]:
        found = (p for p in root.rglob("*") if "out" not in p.relative_to(root).parts[:1])
        return {p: p.read_bytes() if p.is_file() else b"" for p in found}

    before, start = files(), time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - start < SECONDS
    assert 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) < BYTES
    assert files() == before
    shutil.rmtree(root / "out", ignore_errors=True)


def given_to_the_command(root: Path, words: list[str], codes: tuple[int, ...]) -> None:
    """An exception that passes through is a bug of ours, and fails the test."""
    here = os.getcwd()
    os.chdir(root)
    try:
        with promises(root):
            assert dispatch(words) in codes
    finally:
        os.chdir(here)


CANARY = {"_target_": "os.mkdir", "path": "ran"}
SETTINGS: st.SearchStrategy[Any] = st.sampled_from(
    [{"callbacks": {"a": CANARY}}, {"job_logging": {"handlers": {"a": {"()": "os.getcwd"}}}},
     {"sweeper": CANARY}, {"launcher": CANARY}, {"verbose": True}, {"searchpath": ["file:///tmp"]},
     {"run": {"dir": "ran"}}, {"output_subdir": "ran"}, {"job": {"chdir": True}}, {"mode": "x"}]
)  # fmt: skip
NAMES = st.sampled_from(
    ["bin_pick", "/scene/bin_bench", "../../x", "/look/../../x", "other", "/task/other", "x" * 300,
     "/hydra/job_logging/default", "other@hydra", "other@_global_.hydra.callbacks", "", "."]
)  # fmt: skip
GROUPS = st.sampled_from(
    ["/scene", "override /look", "override hydra/job_logging", "/look@hydra", "optional /robot",
     "/hydra/callbacks@hydra.callbacks", "override /hydra/sweeper", "/pool", "/../x"]
)  # fmt: skip
DEFAULTS = st.lists(NAMES | st.dictionaries(GROUPS, NAMES, min_size=1, max_size=1), max_size=3)
VALUES = PLAIN | st.sampled_from(
    ["${oc.env:HOME}", "${oc.create:{a: 1}}", "${hydra:runtime.cwd}", "${nowhere}", "???", CANARY,
     "${oc.decode:'[1'}", "${task}"]
)  # fmt: skip
CONFIGS = st.fixed_dictionaries(
    {}, optional={"defaults": DEFAULTS, "hydra": SETTINGS, "task": VALUES, "seed": VALUES,
                  "scene": VALUES, "pool": VALUES, "_target_": VALUES, "name": VALUES}
)  # fmt: skip
HEADERS = st.sampled_from(
    ["", "# @package _global_\n", "# @package hydra\n", "# @package x.y\n",
     "# @package _group_\n", "# @package _global_.hydra.callbacks\n"]
)  # fmt: skip


@examples(10, 0.2)
@given(header=HEADERS, config=CONFIGS, other=SETTINGS | VALUES, many=st.booleans())
def test_a_composed_config(header: str, config: Any, other: Any, many: bool, sound: Path) -> None:
    for name, content in (("x", config), ("other", other)):
        said = (header if name == "x" else "") + yaml.safe_dump(content, allow_unicode=False)
        (sound / "conf" / "task" / f"{name}.yaml").write_text(said, encoding="utf-8")
    words = ["generate", "task=x", "out=out", "--config-dir=conf", "dry_run=true", "probe=false"]
    shown_only = ["-m", "seed=0,1", "task.max_seconds=nan"] if many else ["--cfg", "job"]
    given_to_the_command(sound, [*words, *shown_only], (0, 2))
    assert not (sound / "ran").exists()


FILES = {
    "lib/library.json": ["list root=lib", "check src=lib records_only=true", "show src=lib out=out"
                         " video_px=0", "repair src=lib dry_run=true"],
    "lib/shards/00000.json": ["list root=lib", "check src=lib", "show src=lib out=out video_px=0"],
    "lib/quarantine/000002.json": ["list root=lib", "check src=lib records_only=true"],
    "lib/grown-00001.json": ["list root=lib", "check src=lib records_only=true"],
    "mix.json": ["mix audit=mix.json draws=100"],
}  # fmt: skip


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every field of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list) else ()  # fmt: skip
    return [way for key, one in inner for way in [(*here, key), *places(one, (*here, key))]]


@examples(25, 0.5)
@given(draw=st.data())
def test_an_edited_file(draw: st.DataObject, sound: Path) -> None:
    file = draw.draw(st.sampled_from(sorted(FILES)))
    words = draw.draw(st.sampled_from(FILES[file]))
    whole = (sound / file).read_text()
    value = json.loads(whole)
    for _ in range(draw.draw(st.integers(1, 2))):
        if not (ways := places(value)):
            break
        way = draw.draw(st.sampled_from(ways))
        place = value
        for key in way[:-1]:
            place = place[key]
        if draw.draw(st.booleans()):
            place[way[-1]] = draw.draw(PLAIN)
        else:
            del place[way[-1]]
    # Infinity is no JSON; 1e400, which json reads as it, is
    said = json.dumps(value).replace("Infinity", "1e400")
    (sound / file).write_text(said)
    try:
        given_to_the_command(sound, words.split(" "), (0, 1, 2))
    finally:
        (sound / file).write_text(whole)


@examples(60, 0.5)
@given(data=st.binary(max_size=100), damage=st.binary(max_size=150), keep=st.integers(0, 150))
def test_a_cache(
    data: bytes, damage: bytes, keep: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    key = data.hex() or "0"
    path = cache.stored("urdf", "x", ".urdf", data)
    made = cache.kept("parts", key, lambda: data, bytes)
    for file in (path, tmp_path / "cellwright" / "parts" / key):
        file.write_bytes(file.read_bytes()[:keep] + damage)
    assert cache.stored("urdf", "x", ".urdf", data).read_bytes() == data
    assert cache.kept("parts", key, lambda: data, bytes) == made == data


@examples(200)
@given(text=st.text(st.characters(codec=None), max_size=60))
def test_text_that_is_shown(text: str) -> None:
    for seen in (shown(text), markdown(text)):
        seen.encode()
        assert not [c for c in seen if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
        assert not set(seen) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert not set(markdown(text)) & set("<>")


@examples(200)
@given(text=st.text(st.characters(codec=None), max_size=400))
def test_a_name_of_a_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / f"{file_name(text)}.mp4"
    path.touch()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    path.unlink()
