"""Every reader of files from outside, fed with damaged and invented ones: an answer or a UserError,
never a crash. `make fuzz` runs it for longer."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from episodes.check.check import check
from episodes.errors import UserError
from episodes.mix.manifest import read as read_manifest
from episodes.storage import store
from episodes.storage.library import Library
from episodes.storage.records import shard_of
from episodes.storage.safe import parse_json
from generators.config import vetting
from sim.spec import Cell
from tests.helpers import synthetic_episode

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
CHECKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound library of two shards."""
    out = tmp_path_factory.mktemp("fuzz") / "lib"
    store.create(
        out, {"spec_id": "f" * 64, "episodes": 4, "shard_size": 2, "versions": {}, "config": {}}
    )
    for number in range(2):
        episodes = [
            synthetic_episode(i, np.random.default_rng(i), steps=4, size=(8, 6))
            for i in (2 * number, 2 * number + 1)
        ]
        store.write_shard(out, number, episodes, spec_id="f" * 64, versions={}, created="")
    return out


def damaged(data: bytes, draw: st.DataObject) -> bytes:
    """A few bytes changed, or some left out, or some put in."""
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, max(0, len(changed) - 1)))
        match draw.draw(st.sampled_from(("flip", "cut", "put", "end"))):
            case "flip" if changed:
                changed[at] ^= 1 << draw.draw(st.integers(0, 7))
            case "cut":
                del changed[at : at + draw.draw(st.integers(1, 64))]
            case "put":
                changed[at:at] = draw.draw(st.binary(max_size=16))
            case _:
                del changed[at:]
    return bytes(changed)


@CHECKED
@given(draw=st.data())
def test_a_damaged_file_of_a_library_never_crashes_check(
    library: Path, draw: st.DataObject
) -> None:
    files = sorted(p for p in library.rglob("*") if p.is_file())
    file = draw.draw(st.sampled_from(files))
    whole = file.read_bytes()
    file.write_bytes(damaged(whole, draw))
    try:
        check(library)
        one = Library(library)
        for row in one.rows:
            # what is read without check is only asked for where the bytes are as committed
            if file.suffix == ".json":
                one.read(row.index)
        one.close()
    except UserError:
        pass
    finally:
        file.write_bytes(whole)


@CHECKED
@given(draw=st.data())
def test_a_shard_that_vouches_for_damaged_bytes_is_still_read_safely(
    library: Path, draw: st.DataObject
) -> None:
    """An attacker writes the record too, so no hash protects: what is inside must not crash."""
    import hashlib

    file, record = library / "shards" / "00000.h5", library / "shards" / "00000.json"
    whole, told = file.read_bytes(), record.read_bytes()
    # the data, not the structure: HDF5 itself is no match for forged structures
    at = draw.draw(st.integers(len(whole) // 2, len(whole) - 1))
    changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    file.write_bytes(changed)
    forged = {**json.loads(told), "sha256": hashlib.sha256(changed).hexdigest()}
    record.write_text(json.dumps(forged))
    try:
        check(library)
    except UserError:
        pass
    finally:
        file.write_bytes(whole)
        record.write_bytes(told)


@CHECKED
@given(text=st.text(max_size=200) | PLAIN.map(lambda value: json.dumps(value)))
def test_json(text: str) -> None:
    try:
        value = parse_json(text, "a file")
        shard_of(value, 0)
    except UserError:
        pass


@CHECKED
@given(value=PLAIN)
def test_a_commit_record_of_anything(value: Any) -> None:
    with pytest.raises(UserError):
        shard_of(value, 0)


@CHECKED
@given(text=st.text(max_size=200) | PLAIN.map(lambda value: json.dumps(value)))
def test_a_cell_of_anything(text: str) -> None:
    with contextlib.suppress(ValueError):
        Cell.from_json(text)


@CHECKED
@given(data=st.binary(max_size=200) | PLAIN.map(lambda value: json.dumps(value).encode()))
def test_a_config_file_of_anything(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(data)
    with contextlib.suppress(UserError):
        vetting.read_yaml(file)


@CHECKED
@given(data=st.binary(max_size=200) | PLAIN.map(lambda value: json.dumps(value).encode()))
def test_a_mix_of_anything(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "mix.json"
    file.write_bytes(data)
    with pytest.raises(UserError):
        read_manifest(file)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 100_000, "NaN", "1e999"])
def test_hostile_json(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        shard_of(parse_json(text, "a file"), 0)
    with pytest.raises(ValueError):  # noqa: PT011
        Cell.from_json(text)
    file = tmp_path / "mix.json"
    file.write_text(text)
    with pytest.raises(UserError):
        read_manifest(file)
