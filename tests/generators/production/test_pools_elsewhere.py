"""Ray and Slurm make what the local pool makes. `make pools` installs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from episodes.errors import Exit
from generators.production.produce import produce
from tests.faults.makers import BAD, assert_whole, config_for, hashes, plan_for


def elsewhere(name: str, tmp_path: Path) -> dict[str, Any]:
    """A config with that pool, on this machine; skips where its library is not installed."""
    pytest.importorskip({"ray": "ray", "slurm": "submitit"}[name])
    own = {
        "ray": {"address": None, "recycle": 200},
        "slurm": {
            "cluster": "local", "folder": str(tmp_path / "jobs"), "job_minutes": 10,
            "poll_s": 0.1, "parameters": {},
        },
    }[name]  # fmt: skip
    pool = {"name": name, "episode_seconds": 60.0, "memory_gb": 4.0, **own}
    return {"workers": 2, "pool": pool}


@pytest.mark.parametrize("name", ["ray", "slurm"])
def test_the_same_content_from_another_pool(name: str, tmp_path: Path) -> None:
    config = elsewhere(name, tmp_path)
    assert produce([plan_for(tmp_path / "local", "good")], config_for()) == 0
    assert produce([plan_for(tmp_path / "lib", "good")], config) == 0
    assert_whole(tmp_path / "lib", hashes(tmp_path / "local"))


@pytest.mark.parametrize("name", ["ray", "slurm"])
@pytest.mark.parametrize("maker", ["segfaulting", "killed", "raising"])
def test_what_kills_a_worker_elsewhere_is_quarantined(
    maker: str, name: str, tmp_path: Path
) -> None:
    config = elsewhere(name, tmp_path)
    out = tmp_path / "lib"
    assert produce([plan_for(out, maker)], config) == Exit.QUARANTINED
    note = json.loads((out / "quarantine" / f"{BAD:06d}.json").read_text())
    assert (note["index"], note["attempts"]) == (BAD, 3)
    assert sorted(hashes(out)) == [index for index in range(14) if index != BAD]
