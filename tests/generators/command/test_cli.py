"""The command line: one grammar, and one clear line for what is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from generators.command import usage
from generators.command.cli import dispatch
from generators.command.verbs import VERBS
from generators.config import groups, vetting

TASK = groups.options("task")[0]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of `cellwright WORDS`."""
    code = dispatch(list(words))
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_config_a_module_and_help(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(import_module(f"generators.command.verbs.{VERBS[verb]}").run)
    code, out, _ = run(capsys, verb, "--help")
    assert code == 0
    assert out.startswith(f"cellwright {verb}: ")
    assert f"cellwright {verb} " in out.split("keys\n")[0], "the help shows no example"


@pytest.mark.parametrize("verb", VERBS)
def test_every_key_in_the_help_is_a_key_of_the_config(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"task={TASK}"] if verb == "generate" else []
    _, config, _ = run(capsys, verb, *words, "--cfg", "job")
    keys = {line.partition(":")[0] for line in config.splitlines() if line[:1].isalpha()}
    shown = usage.verb(verb).split("keys\n")[1].split("\n\n")[0]
    told = set(re.findall(r"^  (\w+):", shown, re.M))  # not what is inside of thresholds
    assert told <= keys
    assert told | set(usage.groups(verb)) | {"scene", "physics"} >= keys


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from generators.command.cli import dispatch; dispatch(['--help']); "
        "dispatch(['generate', '--help']); "
        "heavy = {'hydra', 'omegaconf', 'pybullet', 'numpy', 'h5py', 'trimesh'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_reading_records_loads_no_simulator(tmp_path: Path) -> None:
    code = (
        "import sys; from generators.command.cli import dispatch; dispatch(['list', 'root=.']);"
        "heavy = {'pybullet', 'trimesh', 'scipy', 'moderngl'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("generte", "unknown verb 'generte'; did you mean 'generate'?"),
        ("generate", "say which task: task=NAME; there are: "),
        (f"generate task={TASK}", "generate needs out=..."),
        (f"generate task={TASK[:-1]} out=x", f"unknown task '{TASK[:-1]}'; did you mean '{TASK}'?"),
        (f"generate task={TASK} out=x epsodes=3", "did you mean 'episodes'? there are: "),
        (f"generate task={TASK} out=x renderer=tny", "did you mean 'tiny'? there are: "),
        (f"generate task={TASK} out=x pool=lokal", "did you mean 'local'? there are: "),
        (f"generate task={TASK} out=x episodes=0", "episodes=0 is too small: it must be 1 or more"),
        (f"generate task={TASK} out=x episodes=ten", "episodes must be a whole number, not 'ten'"),
        (f"generate task={TASK} out=x seed=-1", "seed=-1 is too small"),
        (f"generate task={TASK} out=x image_size=[0,64]", "must be between 1 and 8192 pixels"),
        (f"generate task={TASK} out=x image_size=big", "must be [W,H] in whole pixels"),
        (f"generate task={TASK} out=x episodes=1000000000000", "give a larger shard_size="),
        (
            f"generate task={TASK} out=x shard_size=1000000000",
            "is too large: it must be 100000",
        ),
        (f"generate task={TASK} out=x physics.hz=0", "hz=0 is too small"),
        (
            f"generate task={TASK} out=x physics.hz=50",
            "try physics.hz=40",
        ),
        (f"generate task={TASK} out=x task.max_seconds=-1", "max_seconds=-1 is too small"),
        (f"generate task={TASK} out=x task.max_seconds=.nan", "max_seconds must be a number"),
        (f"generate task={TASK} out=x robot=null", "a group cannot be null"),
        (f"generate task={TASK} out=x robot.card=../../x", "unknown robot '../../x'; there are: "),
        (f"generate task={TASK} out=x workers=0", "workers=0 is too small"),
        (f"generate task={TASK} out=x compression=zip", "did you mean 'gzip'?"),
        (f"generate task={TASK} out=x seed=1,2", "several values are a sweep: add -m"),
        (f"generate task={TASK} out=x seed={{a:1", "cannot read an argument as key=value"),
        (f"generate task={TASK} out=x seed", "cannot read 'seed' as key=value"),
        (f"generate task={TASK} out=x +color=1", "keys are not added"),
        (f"generate task={TASK} out=x seed=${{nowhere}}", "Interpolation key 'nowhere' not found"),
        (f"generate task={TASK} out=x seed=${{oc.env:HOME}}", "is refused"),
        (f"generate task={TASK} out=x look._target_=os.system", "`_target_` is refused"),
        (f"generate task={TASK} out=x look={{_target_:os.system}}", "`_target_` is refused"),
        (f"generate task={TASK} out=x hydra.run.dir=/tmp/x", "is not for the command line"),
        (f"generate task={TASK} out=x --experimental-rerun=x.pkl", "it unpickles a file"),
        (f"generate task={TASK} out=x --config-path=/tmp", "is refused: use --config-dir"),
        (f"generate task={TASK} out=x --config-dir nowhere", "there is no such folder"),
        ("check src=nowhere", "does not exist"),
        ("check src=.", "no library there"),
        ("show src=.", "no library there"),
        ("replay src=.", "no library there"),
        ("render src=. out=x", "is no library"),
        ("list root=nowhere", "does not exist"),
        ("smoke tasks=[nothing]", "unknown task 'nothing'"),
        ("import src=nowhere out=x", "no such file or folder"),
        ("import src=. out=x", "no data set of a known kind"),
        ("mix out=x", 'mix needs out=FILE and "sources=[...]"'),
        ("mix out=x sources=[{name:a,path:nowhere}]", "no such folder"),
    ],
)
def test_bad_input_is_one_clear_line(
    words: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, *words.split(" "))
    lines = [line for line in err.splitlines() if line]
    assert code == 2
    assert len(lines) == 1, err
    assert lines[0].startswith("cellwright: ")
    assert says in lines[0]
    assert not list(tmp_path.iterdir()), "something was written"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("task/t.yaml", "x: !!python/object/apply:os.system [touch canary]", "not plain YAML"),
        ("task/t.yaml", "a: {_target_: os.system}", "`_target_` is refused"),
        ("task/t.yaml", "a: '${oc.env:HOME}'", "is refused"),
        ("task/t.yaml", "hydra: {callbacks: {a: b}}", "may not set up Hydra"),
        ("task/t.yaml", "# @package hydra.callbacks\na: b", "may not set up Hydra"),
        ("task/t.yaml", "defaults: \n - override hydra/callbacks: x", "may not set up Hydra"),
        ("hydra/callbacks/t.yaml", "a: b", "may not set up Hydra"),
        ("task/t.yaml", "[" * 100_000, "t.yaml"),
        ("task/t.yaml", "a: " + "x" * 1_100_000, "is over 1000000 bytes"),
        (
            "task/t.yaml",
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{n}: &{n} [*{m}{f',*{m}' * 9}]\n" for m, n in zip("abcdef", "bcdefg")),  # noqa: B905
            "that is no config",
        ),
    ],
)
def test_a_hostile_config_file_is_refused(
    name: str,
    text: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    code, _, err = run(capsys, "generate", "task=t", "out=x", "--config-dir", "mine")
    assert code == 2
    assert says in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "canary").exists()


def test_a_sweep_file_becomes_words(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(
        "task: [a, b]\nscene.gap_mm: [0.5, 1]\nseed: 3\nname: [it's, 'x y']\nflag: true\n"
    )
    assert vetting.vetted([f"sweep={file}", "out=runs"]) == [
        "-m", "task=a,b", "scene.gap_mm=0.5,1", "seed=3", "name=\"it's\",'x y'", "flag=true",
        "out=runs",
    ]  # fmt: skip


def test_completion_offers_verbs_then_keys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMP_LINE", "cellwright rep")
    assert run(capsys, "-sc", "query=bash")[1].split() == ["replay", "repair"]
    monkeypatch.setenv("COMP_LINE", "cellwright generate shard_")
    assert run(capsys, "-sc", "query=bash")[1].split() == ["shard_size="]


def test_keys_of_an_open_mapping_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    _, config, _ = run(capsys, "mix", "ratio.sim=0.8", "--cfg", "job", "--package", "ratio")
    assert "sim: 0.8" in config
