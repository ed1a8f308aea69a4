"""Storage that is full, limited or damaged."""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from episodes.storage import store
from episodes.storage.folder import WriteFailed
from generators.production.produce import produce
from generators.production.repair import damaged, uncommitted
from tests.faults.makers import assert_whole, config_for, hashes, plan_for, temporaries
from tests.inline_pool import work_inline

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished library; tests work on copies."""
    out = tmp_path_factory.mktemp("whole") / "lib"
    assert produce([plan_for(out, "good")], config_for()) == 0
    return out


@pytest.fixture
def copy(library: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(library, tmp_path / "lib"))


def test_a_file_size_limit_is_named_and_nothing_is_lost(library: Path, copy: Path) -> None:
    for name in ("00001", "00002"):
        (copy / "shards" / f"{name}.json").unlink()
        (copy / "shards" / f"{name}.h5").unlink()
    before = hashes(copy)
    small = 20_000
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults.makers", str(copy), "good", "0", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (small, small)),
        timeout=120,
    )
    assert run.returncode == WriteFailed.code, run.stdout + run.stderr
    assert "cannot write" in run.stdout
    assert hashes(copy) == before
    assert temporaries(copy) == []
    assert produce([plan_for(copy, "good")], config_for()) == 0
    assert_whole(copy, hashes(library))


def test_a_full_disk_is_named_and_resumed(library: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = 250_000  # less than the library of 430 kB
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small tmpfs here")
    try:
        code = produce([plan_for(disk / "lib", "good")], config_for())
        assert code == WriteFailed.code
        made = hashes(disk / "lib")
        assert hashes(library).items() >= made.items()
        assert set(damaged(disk / "lib")) == set(store.missing(disk / "lib"))
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert produce([plan_for(disk / "lib", "good")], config_for()) == 0
        assert_whole(disk / "lib", hashes(library))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def flip_one_bit(file: Path, rng: random.Random) -> None:
    data = bytearray(file.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    file.write_bytes(data)


def told(record: bytes) -> object:
    """What a commit record says, apart from when and by what it was made."""
    try:
        shard = json.loads(record)
        return {key: shard[key] for key in ("file", "bytes", "sha256", "spec_id", "episodes")}
    except (ValueError, KeyError, TypeError):
        return None


def spoilt(library: Path, kind: str, rng: random.Random) -> int:
    """Damages one shard: its number."""
    number = rng.randrange(4)
    file = library / "shards" / f"{number:05d}.h5"
    record = file.with_suffix(".json")
    match kind:
        case "bit":
            flip_one_bit(file, rng)
        case "cut":
            file.write_bytes(file.read_bytes()[: rng.randrange(file.stat().st_size)])
        case "gone":
            file.unlink()
        case "no record":
            record.unlink()
        case "record cut":
            record.write_bytes(record.read_bytes()[: rng.randrange(record.stat().st_size)])
        case "record changed":
            record.write_text(record.read_text().replace('"dropped"', '"collision"', 1))
    return number


KINDS = ("bit", "cut", "gone", "no record", "record cut", "record changed")


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_found_and_repaired(
    kind: str, library: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_inline(monkeypatch)
    number = spoilt(copy, kind, random.Random(4))
    plan = plan_for(copy, "good")
    assert list(damaged(copy)) == [number]
    assert produce([plan], config_for(), uncommitted) == 0
    assert_whole(copy, hashes(library))
    assert damaged(copy) == {}
    ours, theirs = (list(store.records(root)) for root in (copy, library))
    assert ours == theirs, "the records differ"


@pytest.mark.parametrize("trials", [10, pytest.param(300, marks=pytest.mark.slow)])
def test_a_flipped_bit_never_goes_unseen(trials: int, copy: Path) -> None:
    rng = random.Random(trials)
    files = {file: file.read_bytes() for file in sorted((copy / "shards").iterdir())}
    for _ in range(trials):
        file = rng.choice(list(files))
        flip_one_bit(file, rng)
        # of a record, whose white space means nothing, only what it tells has to be seen
        if file.suffix == ".h5" or told(file.read_bytes()) != told(files[file]):
            assert list(damaged(copy)) == [int(file.stem)]
        file.write_bytes(files[file])
