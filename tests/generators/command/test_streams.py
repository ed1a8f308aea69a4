"""Streams and signals of the command itself: typed as people type them, in a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from episodes.storage.locks import InUse, Lock
from tests.helpers import synthetic_episode
from tests.libraries import make_library

COMMAND = "import sys; from generators.command.cli import main; main()"
WORDS = [sys.executable, "-c", COMMAND]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("libraries")
    make_library(folder / "lib", [synthetic_episode(n, np.random.default_rng(n)) for n in range(2)])
    make_library(folder / "broken", [synthetic_episode(0, np.random.default_rng(0))])
    (folder / "broken" / "shards" / "00000.h5").write_bytes(b"")
    return folder


def codes(line: str, folder: Path) -> tuple[str, str]:
    """(exit codes of the commands of a pipe, standard error) of a line in a shell, in which
    `cellwright` stands for the command."""
    line = line.replace("cellwright", '"$PYTHON" -c "$COMMAND"')
    done = subprocess.run(
        ["bash", "-c", f'{line}; echo "${{PIPESTATUS[*]}}" >codes'],
        cwd=folder,
        env={**os.environ, "PYTHON": sys.executable, "COMMAND": COMMAND},
        capture_output=True,
        text=True,
        check=False,
    )
    return (folder / "codes").read_text().strip(), done.stderr


@pytest.mark.parametrize(
    ("line", "code"), [("list root=. | true", 0), ("check src=broken | head -1", 1)]
)
def test_a_reader_that_goes_away_changes_nothing(line: str, code: int, libraries: Path) -> None:
    """The verb's own verdict stands, where `set -o pipefail` asks for it."""
    assert codes(f"cellwright {line}", libraries) == (f"{code} 0", "")


def test_closed_streams_change_nothing(libraries: Path) -> None:
    """A file that got number 1 or 2 would take what C libraries print."""
    assert codes("cellwright list root=. >&- <&-", libraries) == ("0", "")
    words = "export format=webdataset src=lib out=x"
    assert codes(f"cellwright {words} >&- 2>&- <&-", libraries) == ("0", "")
    with tarfile.open(libraries / "x" / "00000.tar") as tar:
        assert len(tar.getnames()) > 100


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_the_output_is_told(libraries: Path) -> None:
    found, error = codes("cellwright list root=. >/dev/full", libraries)
    assert found == "4"
    assert error == ("cellwright: standard output: No space left on device; what was done stands\n")


def test_letters_that_the_terminal_lacks_are_escaped(libraries: Path) -> None:
    (libraries / "가").mkdir(exist_ok=True)
    make_library(libraries / "가" / "lib", [synthetic_episode(0, np.random.default_rng(0))])
    done = subprocess.run(
        [*WORDS, "list", "root=."],
        cwd=libraries,
        env={**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"\\uac00/lib" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_any_verb(number: signal.Signals, libraries: Path, tmp_path: Path) -> None:
    """In the middle of an export, which leaves nothing behind."""
    code = (
        "import os, signal, sys\n"
        "from generators.command.cli import main\n"
        "from episodes.formats import card\n"
        f"signal.signal({int(number)}, signal.SIG_DFL)\n"  # the tests themselves may run in nohup
        f"card.write = lambda *_: os.kill(os.getpid(), {int(number)})\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "export", "format=webdataset", "src=lib", f"out={tmp_path}/x"],
        cwd=libraries,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_nohup_keeps_its_promise(libraries: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "from generators.command.cli import main\n"
        "from episodes.formats import card\n"
        "write = card.write\n"
        "card.write = lambda *a: (os.kill(os.getpid(), signal.SIGHUP), write(*a))\n"
        "main()\n"
    )
    words = ["nohup", sys.executable, "-c", code, "export", "format=webdataset", "src=lib"]
    done = subprocess.run(
        [*words, f"out={tmp_path}/x"], cwd=libraries, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x" / "README.md").exists()


def test_a_lock_dies_with_its_process(libraries: Path, tmp_path: Path) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from episodes.storage.locks import Lock\n"
        f"lock = Lock(Path({str(tmp_path / 'x')!r})); print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    words = [*WORDS, "export", "format=webdataset", "src=lib", f"out={tmp_path / 'x'}"]
    refused = subprocess.run(words, cwd=libraries, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"cellwright: another run is at work on {tmp_path / 'x'}; wait for it to end, or choose "
        "another folder\n"
    )
    assert not (tmp_path / "x").exists()
    holder.kill()
    holder.wait()
    done = subprocess.run(words, cwd=libraries, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["x"], "the lock of the killed one is left"


def test_locks_are_shared_or_not(tmp_path: Path) -> None:
    place = tmp_path / "lib"
    one, two = Lock(place, shared=True), Lock(place, shared=True)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(InUse, match="another run is at work on"):
        Lock(tmp_path / "link" / "lib")
    one.release()
    with pytest.raises(InUse):
        Lock(place)
    two.release()
    two.release()
    Lock(place).release()
    Lock(tmp_path / "made" / "deep" / "lib").release()
    assert [p.name for p in tmp_path.iterdir()] == ["link"], "a folder is left that nobody needs"
