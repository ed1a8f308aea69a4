"""Long verbs tell how far they are: a bar on a terminal, few lines in a log."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from episodes import formats
from episodes.storage.library import Library
from generators import progress
from generators.command.cli import dispatch
from generators.progress import Progress
from tests.helpers import synthetic_episode
from tests.libraries import brightening, make_library

BAR = re.compile(r"(\w+)[^\r\n]* (\d+) %, (\S+) left \|[^|]*\| (\d+) of (\d+) (\w+)")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Stands still until it is told to go on."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def test_a_log_gets_few_lines_and_the_time_left(clock: Clock) -> None:
    log = io.StringIO()
    with Progress("export", 1000, out=log) as shown:
        for _ in range(1000):
            clock.now += 1.0
            shown.step()
    lines = log.getvalue().splitlines()
    assert lines[0] == "export: 10 of 1000 episodes, 16 min left"
    assert lines[1] == "export: 20 of 1000 episodes, 16 min left"
    assert len(lines) == 8  # after 10, 20, 40, ... 320 s, then every 300 s
    assert "\r" not in log.getvalue()


def test_a_short_run_says_nothing_in_a_log(clock: Clock) -> None:
    log = io.StringIO()
    with Progress("export", 5, out=log) as shown:
        for _ in range(5):
            clock.now += 1.0
            shown.step()
    assert log.getvalue() == ""


def test_a_log_of_what_nobody_can_count_tells_what_is_done(clock: Clock) -> None:
    log = io.StringIO()
    with Progress("import", None, out=log) as shown:
        clock.now += 12.0
        shown.at(3, "1.2 MB on disk")
    assert log.getvalue() == "import: 3 episodes in 12 s, 1.2 MB on disk\n"


def test_a_terminal_gets_a_bar_and_a_clean_line_at_the_end() -> None:
    terminal = Terminal()
    with Progress("render", 4, out=terminal) as shown:
        shown.at(1, "1.2 MB on disk")
        shown.say("something else")
        shown.at(4)
    assert ("render", "0", "?", "0", "4", "episodes") in BAR.findall(terminal.getvalue())
    assert "something else\n" in terminal.getvalue()
    assert terminal.getvalue().rpartition("\r")[2].strip() == ""


class Full(Terminal):
    """On a disk without room."""

    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("terminal", [True, False])
def test_what_cannot_be_written_stops_nothing(terminal: bool, clock: Clock) -> None:
    with Progress("export", 3, out=Full(terminal)) as shown:
        for _ in range(3):
            clock.now += 100.0
            shown.step()
        shown.say("done")


def test_nobody_need_listen(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(sys, "stderr", None)  # as Python has it where it is closed: 2>&-
    with Progress("export", 3) as shown:
        clock.now += 100.0
        shown.step()


@pytest.mark.parametrize("columns", [0, 30, 200])
def test_a_real_terminal_of_any_width_sees_the_time_left(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REDRAW_S", 0.0)
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with open(theirs, "w") as terminal, Progress("export", 2, out=terminal) as shown:
        shown.step()
        shown.step()
    seen = ""
    with suppress(OSError):  # there is no more
        while got := os.read(mine, 4096):
            seen += got.decode(errors="replace")
    os.close(mine)
    assert "export   0 %, ? left |" in seen
    assert "export 100 %, 00:00 left |" in seen
    assert max(map(len, seen.split("\r"))) <= (columns or 80)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library, and data sets made from it."""
    root = tmp_path_factory.mktemp("progress")
    rng = np.random.default_rng(5)
    made = [brightening(synthetic_episode(i, rng)) for i in range(4)]
    make_library(root / "lib", made)
    for format in ("lerobot", "rlds", "robomimic", "webdataset"):
        formats.export_library(format, root / "lib", root / format)
    return root


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        ("export format=lerobot src=lib out={out}", 4),
        ("export format=rlds src=lib out={out}", 4),
        ("export format=robomimic src=lib out={out}", 4),
        ("export format=webdataset src=lib out={out}", 4),
        ("import src=lerobot out={out}", 4),
        ("import src=rlds out={out}", 4),
        ("import src=robomimic out={out}", 4),
        ("check src=lib", 2),
        ("show src=lib out={out} video_px=32", 8),
    ],
)
def test_a_verb_shows_how_far_it_is(
    words: str, steps: int, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.chdir(data)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "REDRAW_S", 0.0)  # every step is drawn
    verb = words.split()[0]
    dispatch(words.format(out=tmp_path / "out").split())
    drawn = BAR.findall(terminal.getvalue())
    assert {name for name, *_ in drawn} == {verb}
    assert {int(total) for *_, total, _ in drawn} == {steps}
    assert max(int(done) for _, _, _, done, *_ in drawn) == steps
    assert {left for _, _, left, *_ in drawn} != {"?"}


def test_an_import_that_cannot_be_counted_shows_what_is_done(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "REDRAW_S", 0.0)
    assert dispatch(["import", f"src={data / 'webdataset'}", f"out={tmp_path / 'out'}"]) == 0
    assert "import 4 episodes, " in terminal.getvalue()


def test_what_is_made_and_played_again_shows_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In worker processes: generate, render, replay and audit."""
    monkeypatch.chdir(tmp_path)
    for words in (
        "generate task=bench_place out=lib episodes=2 shard_size=1 renderer=none "
        "task.max_seconds=0.2",
        "render src=lib out=seen renderer=tiny image_size=[16,16]",
        "replay src=lib",
        "audit src=lib fraction=1",
    ):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(progress, "REDRAW_S", 0.0)
        assert dispatch(words.split()) == 0
        drawn = BAR.findall(terminal.getvalue())
        assert {name for name, *_ in drawn} == {words.split()[0]}
        assert max(int(done) for _, _, _, done, *_ in drawn) == 2


def test_the_sheet_is_there_before_the_films(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generators.command import film

    def no_film(file: Path, frames: Iterable[object], hz: float) -> None:
        assert (tmp_path / "sheet.png").stat().st_size > 1000
        raise KeyboardInterrupt

    monkeypatch.setattr(film, "write", no_film)
    with pytest.raises(KeyboardInterrupt):
        dispatch(["show", f"src={data / 'lib'}", f"out={tmp_path}", "video_px=32"])
    assert len(Library(data / "lib")) == 4
