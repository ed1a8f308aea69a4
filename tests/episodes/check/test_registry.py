"""Every check of the registry finds its own faults in clean data, and nothing in clean data."""

from __future__ import annotations

import runpy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from episodes.check import kind, proof, registry
from episodes.check.check import check
from episodes.check.kind import Check, Threshold
from episodes.check.numbers import finite
from episodes.errors import UserError
from generators.command.cli import dispatch
from tests.helpers import ROOT, synthetic_episode
from tests.libraries import make_library
from tests.watched import watched_episode

LIMITS = registry.limits()
FAULTS = [(one, fault) for one, fault in proof.faults()]


@pytest.fixture(scope="module")
def clean() -> proof.Clean:
    """Long and lively enough that every fault has room in them."""
    return proof.Clean([watched_episode(i, np.random.default_rng(i)) for i in range(6)])


@pytest.fixture(scope="module")
def library(clean: proof.Clean, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("checks") / "clean", clean.episodes)


def test_nothing_is_found_where_nothing_is(library: Path) -> None:
    assert check(library) == []


def of(reads: str) -> list[Any]:
    return [
        pytest.param(one, fault, id=f"{one.name}: {fault}")
        for one, fault in FAULTS
        if one.reads in reads.split()
    ]


@pytest.mark.parametrize(("one", "fault"), of("numbers pictures"))
def test_a_fault_in_an_episode_is_found(
    one: Check[Any, Any], fault: str, clean: proof.Clean
) -> None:
    assert not clean.alarms(one, 1, LIMITS)
    assert clean.finds(one, fault, 1, np.random.default_rng(3), LIMITS) is True


@pytest.mark.parametrize(("one", "fault"), of("library"))
def test_a_fault_between_episodes_is_found(
    one: Check[Any, Any], fault: str, clean: proof.Clean
) -> None:
    assert not clean.alarms_among(one, LIMITS)
    assert clean.finds_among(one, fault, np.random.default_rng(3), LIMITS) is True


@pytest.mark.parametrize(("one", "fault"), of("files"))
def test_a_fault_of_the_files_is_found(
    one: Check[Any, Any], fault: str, library: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(library, copy)
    assert proof.files_find(one, fault, copy, np.random.default_rng(3)) is True


def test_every_check_has_a_name_of_its_own_a_reason_and_a_fault() -> None:
    names = [one.name for one in registry.CHECKS]
    limits = [limit.name for one in registry.CHECKS for limit in one.thresholds]
    assert len(set(names)) == len(names)
    assert len(set(limits)) == len(limits)
    for one in registry.CHECKS:
        assert one.faults, one.name
        assert one.finds, one.name
        assert one.reason, one.name
        assert one.source, one.name


def test_every_module_of_a_check_is_registered() -> None:
    home = ROOT / "episodes" / "check"
    files = {
        file
        for room in ("files", "numbers", "pictures", "between")
        for file in (home / room).glob("*.py")
        if "\nCHECK = " in file.read_text(encoding="utf-8")
    }
    assert len(files) == len(registry.CHECKS)


def test_thresholds_stand_in_the_config_as_in_the_checks() -> None:
    found = runpy.run_path(str(ROOT / "scripts" / "checks_page.py"))
    told = (ROOT / "conf" / "check.yaml").read_text(encoding="utf-8")
    assert told == found["conf"](), "python scripts/checks_page.py"
    assert yaml.safe_load(told)["thresholds"] == LIMITS


def test_the_page_of_checks_is_what_its_script_writes() -> None:
    found = runpy.run_path(str(ROOT / "scripts" / "checks_page.py"))
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert page == found["page"](), "python scripts/checks_page.py"


@pytest.fixture(scope="module")
def jittery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data that was given to us, whose clock is a tenth of a period off at every other step."""
    episode = synthetic_episode(0, np.random.default_rng(0))
    time = episode.time + 0.005 * (np.arange(len(episode.time)) % 2)
    real = replace(episode, domain="real", time=time)
    return make_library(tmp_path_factory.mktemp("checks") / "real", [real])


def test_a_threshold_decides(jittery: Path) -> None:
    assert check(jittery) == []
    [finding] = check(jittery, thresholds={"clock_share": 0.05})
    assert (finding.check, finding.threshold) == ("clock", 0.05)
    assert finding.measured == pytest.approx(0.1)


def test_a_threshold_is_a_key_of_the_command(
    jittery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = jittery
    assert dispatch(["check", f"src={root}"]) == 0
    assert capsys.readouterr().out == f"{root}: sound\n"
    assert dispatch(["check", f"src={root}", "thresholds.clock_share=0.05"]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{root}: warning: episode 0, steps 0..")
    assert first.endswith("[clock]")
    assert last == f"{root}: 0 errors, 1 warnings"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("thresholds.clok_share=1", "did you mean 'thresholds.clock_share'?"),
        ("thresholds.clock_share=much", "must be a number"),
        ("thresholds.clock_share=-1", "is too small"),
        ("thresholds.lag_share=1.5", "thresholds.lag_share=1.5: it must be 0 to 1"),
    ],
)
def test_a_threshold_that_cannot_be_is_one_line(
    word: str, said: str, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch(["check", f"src={library}", word]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_python_refuses_them_too(value: float) -> None:
    limit = Threshold("gap_s", 1.0, "[s]")
    assert kind.limits([limit], {"gap_s": 2}) == {"gap_s": 2.0}
    with pytest.raises(UserError, match=r"thresholds\.gap_s="):
        kind.limits([limit], {"gap_s": value})
    with pytest.raises(UserError, match="did you mean 'gap_s'"):
        kind.limits([limit], {"gap": 1.0})


def test_a_proof_tells_a_check_that_is_blind(clean: proof.Clean) -> None:
    """The harness itself: what finds nothing, or always the same, has not found the fault."""
    blind = replace(finite.CHECK, find=lambda seen, limits: [])
    always = replace(finite.CHECK, find=lambda seen, limits: [seen.origin.error("something")])
    rng = np.random.default_rng(0)
    for one in (blind, always):
        assert clean.finds(one, "NaN in an action", 0, rng, LIMITS) is False
