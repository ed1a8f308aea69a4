"""Every shell line of README, docs and help: split by a real shell, run, and its effect seen.

Lines run as they stand, with words after them that make episodes few, short and small.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes import Mix
from episodes.episode import Episode
from episodes.storage import hdf5
from episodes.storage.library import Library
from generators.command import usage
from generators.command.cli import dispatch
from generators.command.verbs import VERBS
from tests.helpers import synthetic_episode
from tests.inline_pool import work_inline
from tests.libraries import make_library

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BRIEF = ("episodes=2", "task.max_seconds=0.1", "workers=1")
STATES = (*BRIEF, "renderer=none")
SMALL = (*BRIEF, "image_size=[32,24]")


def lines() -> list[str]:
    """Every `cellwright VERB key=value ...` of a block, of code type, and of each verb's help."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"```(?:sh|console)\n(.*?)```", text, re.S):
            found += block.replace("\\\n", " ").splitlines()
        found += re.findall(r"`(cellwright \w+ [^`]*=[^`]*)`", text)
    for verb in VERBS:
        found += [line.strip() for line in usage.verb(verb).splitlines()]
    found = [re.sub(r"\s{2,}[#(].*", "", line.removeprefix("$ ")).strip() for line in found]
    return list(dict.fromkeys(line for line in found if re.match(r"cellwright \w+ .*=", line)))


@dataclass
class World:
    """A folder with what the lines speak of, and what the last line said."""

    root: Path
    out: str = ""

    def library(self, name: str) -> Library:
        return Library(self.root / name)

    def first(self, name: str) -> Episode:
        return self.library(name).read(0)

    def cell(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.first(name).cell))

    def body(self, name: str, kind: str) -> dict[str, Any]:
        return next(b for b in self.cell(name)["bodies"] if b["kind"] == kind)


def size(world: World, name: str) -> tuple[int, ...]:
    return next(c.rgb.shape[1:3] for c in world.first(name).cameras.values() if c.rgb is not None)


def clearance(world: World, name: str) -> float:
    hole = world.body(name, "hole_plate")["params"]["hole_mm"]
    return float(round(hole - world.body(name, "peg")["params"]["diameter_mm"], 3))


def makes(name: str, task: str, robot: str = "panda") -> Callable[[World], bool]:
    def made(world: World) -> bool:
        one = world.first(name)
        return len(world.library(name)) == 2 and (one.task, one.robot) == (task, robot)

    return made


def swept(name: str, task: str, count: int) -> Callable[[World], bool]:
    def made(world: World) -> bool:
        folders = sorted((world.root / name).glob(f"{task}-*"))
        return len(folders) == count and all((f / "library.json").is_file() for f in folders)

    return made


def pictures(world: World, name: str) -> bytes:
    tracks = world.first(name).cameras.values()
    return b"".join(track.rgb.tobytes() for track in tracks if track.rgb is not None)


def says(*parts: str) -> Callable[[World], bool]:
    return lambda world: all(part in world.out for part in parts)


def holds(*names: str) -> Callable[[World], bool]:
    return lambda world: all((world.root / name).exists() for name in names)


def imported(domain: str = "real", licence: str = "") -> Callable[[World], bool]:
    def made(world: World) -> bool:
        one = world.library("runs/real")
        first = one.group(one.rows[0].index).attrs
        return one.rows[0].domain == domain and licence in str(first.get("licence", ""))

    return made


def mixed(file: str, shares: dict[str, float]) -> Callable[[World], bool]:
    def made(world: World) -> bool:
        mix = Mix(world.root / file)
        names = [mix.draw(i).source for i in range(1000)]
        return {n: round(names.count(n) / 1000, 2) for n in set(names)} == shares

    return made


def merged(world: World, name: str) -> tuple[list[str], list[str]]:
    """The masks of the one file of an export for robomimic."""
    [path] = (world.root / name).glob("*.hdf5")
    with h5py.File(path) as file:
        train, valid = (hdf5.text(file[f"mask/{side}"]) for side in ("train", "valid"))
        return train, valid


def far(world: World) -> bool:
    page = (ROOT / "docs" / "robots.md").read_text(encoding="utf-8")
    return re.findall(r"^cellwright: .*", page, re.M) == [world.out.strip()]


Check = Callable[[World], bool]
# the line after `cellwright`, without what is the same in all -> words that make it small, effect
GENERATE: dict[str, tuple[tuple[str, ...], Check]] = {
    "task=peg_round scene.clearance_mm=0.5 episodes=100 workers=2 out=runs/peg": (
        STATES, lambda w: makes("runs/peg", "peg_round")(w) and clearance(w, "runs/peg") == 0.5),
    "task=peg_round episodes=100 seed=7 workers=2 out=runs/peg": (
        STATES, lambda w: makes("runs/peg", "peg_round")(w) and w.first("runs/peg").seed == 7),
    "task=bench_place robot=ur5 physics.control_hz=30 episodes=1 out=runs/place": (
        STATES, lambda w: makes("runs/place", "bench_place", "ur5+robotiq_2f85")(w)
        and w.first("runs/place").control_hz == 30),
    "task=bench_place robot=NAME episodes=4 out=runs/try": (
        STATES, makes("runs/try", "bench_place", "xarm7+robotiq_2f85")),
    "task=bench_place episodes=20 workers=2 out=runs/place": (
        STATES, makes("runs/place", "bench_place")),
    "task=bench_place scene.count=[5,6] scene.bench.height_mm=[900,900] out=runs/crowded": (
        STATES, lambda w: sum(b["role"] in ("target", "distractor", "part")
                              for b in w.cell("runs/crowded")["bodies"]) >= 5),
    "-m task=peg_round scene.clearance_mm=0.5,1,2 episodes=50 out=runs/clearance": (
        (*STATES, "probe=false"), swept("runs/clearance", "peg_round", 3)),
    "task=bin_pick renderer=none episodes=100 out=runs/states": (
        BRIEF, lambda w: makes("runs/states", "bin_pick")(w) and not pictures(w, "runs/states")),
    "task=bench_place --cfg job out=x": ((), says("scene:", "bench:", "height_mm:", "out: x")),
    "task=bin_pick out=runs/d435 camera=devices camera.front.clean=true camera.wrist.every=2": (
        STATES, lambda w: [c["name"] for c in w.cell("runs/d435")["cameras"]]
        == ["front", "front_clean", "top", "wrist"]),
    "task=bench_place robot=ur5 episodes=100 out=runs/a": (
        STATES, makes("runs/a", "bench_place", "ur5+robotiq_2f85")),
    "task=bench_place robot=iiwa robot.tool=franka_hand episodes=100 out=runs/b": (
        STATES, makes("runs/b", "bench_place", "iiwa+franka_hand")),
    "task=machine_load robot=ur5 scene.least_seat_m=1.1 scene.most_seat_m=1.1 episodes=1 "
    "out=runs/far": ((), far),
    "-m task=peg_round scene.clearance_mm=0.5,1,2 seed=0,1 episodes=100 out=runs/sweep workers=2": (
        (*STATES, "episodes=1", "probe=false"), swept("runs/sweep", "peg_round", 6)),
    "sweep=clearance.yaml workers=2": (
        (*STATES, "episodes=1", "probe=false"), swept("runs/sweep", "peg_round", 6)),
    "task=bench_place cells=runs/place robot=xarm7 out=runs/place-xarm7": (
        STATES, lambda w: makes("runs/place-xarm7", "bench_place", "xarm7+robotiq_2f85")(w)
        and w.cell("runs/place-xarm7")["bodies"] == w.cell("runs/place")["bodies"]),
    "task=bench_place out=runs/a episodes=100 workers=2": (STATES, makes("runs/a", "bench_place")),
    "task=peg_round out=runs/b renderer=none": (BRIEF, makes("runs/b", "peg_round")),
    "-m task=bin_pick,peg_round seed=0,1 out=runs/c": (
        (*STATES, "episodes=1", "probe=false"),
        lambda w: swept("runs/c", "bin_pick", 2)(w) and swept("runs/c", "peg_round", 2)(w)),
    "task=bench_place part=MESH.stl out=runs/mine": (
        STATES, lambda w: bool(w.body("runs/mine", "mesh"))),
}  # fmt: skip
OTHERS: dict[str, Check] = {
    "import src=path/to/dataset out=runs/real pictures=decode": imported(),
    "import src=path/to/dataset out=runs/real "
    "exact=[action/joint_position,obs/gripper_position]": imported(),
    "repair src=runs/a quarantined=true": says("shard 00000", "finished"),
    "list root=runs": says("bench_place", "panda", "2"),
    "smoke tasks=peg_round": says("peg_round", "works", "ran "),
    "import src=path/to/dataset out=runs/real": imported(),
    "import format=rlds src=path/to/folder out=runs/real options.hz=10": lambda w: (
        imported()(w) and w.first("runs/real").control_hz in (10, 20)),
    "import format=rlds src=path/to/folder out=runs/real": imported(),
    "import src=path/to/dataset out=runs/real options.frames=by_row": imported(),
    "import src=path/to/dataset out=runs/real domain=sim licence=CC-BY-4.0 strict=true": imported(
        "sim", "CC-BY-4.0"),
    "export format=lerobot src=runs/a out=export/a": holds("export/a/meta/info.json"),
    "export format=lerobot src=runs/a out=export/a21 options.version=v2.1 options.codec=av1":
        holds("export/a21/meta/episodes.jsonl"),
    "export format=lerobot src=runs/a out=export/a21 options.version=v2.1":
        holds("export/a21/meta/episodes.jsonl"),
    "export format=rlds src=runs/a out=export/rlds options.name=my_cells":
        holds("export/rlds/my_cells/1.0.0/features.json"),
    "export format=rlds src=runs/a out=export/rlds": holds("export/rlds/cellwright/1.0.0"),
    "export format=webdataset src=runs/a out=export/tars": lambda w: bool(
        list((w.root / "export/tars").glob("*.tar"))),
    "export format=robomimic src=runs/a out=export/merged options.merged=true":
        lambda w: merged(w, "export/merged") == (["demo_0", "demo_1", "demo_2"], []),
    "export format=robomimic src=runs/a out=export/good filter={success:true} options.merged=true":
        lambda w: merged(w, "export/good") == (["demo_0", "demo_1"], []),
    "export format=robomimic src=runs/a out=export/offline options.next_obs=true":
        lambda w: "next_obs" in h5py.File(w.root / "export/offline/00000.hdf5")["data/demo_0"],
    "export format=lerobot src=runs/a out=export/good filter={success:true}": says("2 episodes"),
    "export format=rlds src=runs/a out=export/some episodes=[0,1-2]": says("3 episodes"),
    "export format=lerobot src=runs out=export/all": says("6 episodes"),
    "export format=lerobot src=runs/mix.json out=export/mix": says(
        "6 episodes", "3 of a, 3 of b, where the mix draws 80.0% of a, 20.0% of b"),
    "export format=webdataset src=runs out=export/all": says("6 episodes"),
    "export format=webdataset src=runs/mix.json out=export/mix": says("6 episodes"),
    "mix out=runs/mix.json sources=[{name:sim,path:runs/a,weight:80},{name:real,path:runs/bridge,"
    "weight:20}] cameras={main:[front,image_0]} image_size=[128,128]": lambda w: (
        mixed("runs/mix.json", {"sim": 0.8, "real": 0.2})(w)
        and Mix(w.root / "runs/mix.json")[0]["obs/main_image"].shape[-3:] == (128, 128, 3)),
    "mix out=runs/tasks.json sources=[{name:sim,weight:80,filter:{success:true},sources:["
    "{name:place,path:runs/a,filter:{task:bench_place}},{name:pick,path:runs/b,"
    "filter:{task:bin_pick}}]},{name:real,path:runs/bridge,weight:20}] "
    "cameras={main:[front,image_0]}": mixed(
        "runs/tasks.json", {"sim/place": 0.4, "sim/pick": 0.4, "real": 0.2}),
    "mix audit=runs/mix.json draws=100000": says("80", "20"),
    "mix out=runs/mix.json sources=[{name:sim,path:runs/place,weight:80},{name:real,path:runs/real,"
    "weight:20}]": mixed("runs/mix.json", {"sim": 0.8, "real": 0.2}),
    "mix out=runs/mix.json sources=[{name:sim,path:runs/a,weight:80},{name:real,path:runs/b,"
    "weight:20}]": mixed("runs/mix.json", {"sim": 0.8, "real": 0.2}),
    "mix out=runs/mix.json sources=[{name:sim,path:runs/a},{name:real,path:runs/b}] ratio.real=0.2":
        mixed("runs/mix.json", {"sim": 0.8, "real": 0.2}),
    "part src=MESH.stl": says("usable, with jaws"),
    "part src=MESH.obj scale=0.001 density=7850 out=part.png": lambda w: (
        says("7850 kg/m3")(w) and (w.root / "part.png").is_file()),
    "show src=runs/place": holds("runs/place-show/sheet.png", "runs/place-show/bench_place.mp4"),
    "show src=runs/a": holds("runs/a-show/sheet.png"),
    "show src=runs out=look": holds("look/sheet.png"),
    "check src=runs/place": says("runs/place: sound"),
    "check src=runs/a": says("runs/a: sound"),
    **{f"replay src=runs/{name}": says("2 of 2 episodes replay bit for bit")
       for name in ("try", "place", "a", "a workers=2")},
    **{f"audit src=runs/a fraction=0.01{more}": says("1 of 1 episodes came out the same")
       for more in ("", " workers=2")},
    **{f"repair src=runs/a{more}": says("shard 00000", "finished") for more in ("", " workers=2")},
    "render src=runs/states out=runs/small image_size=[128,128]":
        lambda w: size(w, "runs/small") == (128, 128),
    "render src=runs/states out=runs/large image_size=[640,480]":
        lambda w: size(w, "runs/large") == (480, 640),
    "render src=runs/peg out=runs/peg-big image_size=[640,480]":
        lambda w: size(w, "runs/peg-big") == (480, 640),
    "render src=runs/a out=runs/a-big image_size=[640,480]":
        lambda w: size(w, "runs/a-big") == (480, 640),
    "render src=runs/peg out=runs/peg-wild look=wild look_seed=7":
        lambda w: w.cell("runs/peg-wild") != w.cell("runs/peg"),
    "render src=runs/a out=runs/a-wild look=wild look_seed=7":
        lambda w: pictures(w, "runs/a-wild") != pictures(w, "runs/a"),
}  # fmt: skip
ELSEWHERE = {
    "cellwright VERB key=value ...": "no command",
    "cellwright import src=path/to/bags out=runs/bags": "test_bags.py, which has bags",
    "cellwright import src=path/to/bags out=runs/bags options.topics=path/to/map.yaml":
        "test_bags.py, which has bags",
    "cellwright import src=path/to/pick_nut out=runs/aloha options.hz=50": "test_hdf5.py",
    "cellwright import src=path/to/dataset.zarr.zip out=runs/umi options.hz=59.94": "test_zarr.py",
    "cellwright import src=path/to/takes.h5 out=runs/takes "
    "   'options={hz:20,map:{episodes:take*,actions:cmd_joint,obs:[q,video]}}'": "test_hdf5.py",
    "cellwright generate ... reward=dense": "no command; test_envs.py",
    "cellwright generate task=bench_lift episodes=60 workers=2 renderer=none on_other_code=grow "
    "out=runs/lift": "test_user_folders.py, which has that task",
    "cellwright check src=runs/real thresholds.clock_share=0.05": "test_registry.py",
    "cellwright check src=runs/a thresholds.overload_n=2": "test_adding.py of the checks",
    **dict.fromkeys((
        "cellwright export format=npz src=runs/a out=export/npz",
        "cellwright import src=export/npz out=runs/back",
        "cellwright smoke tasks=peg_round renderer=flat",
        "cellwright render src=runs/states out=runs/flat renderer=flat",
        "cellwright generate task=bench_place scene=spool_bench episodes=6 renderer=none "
        "out=runs/spools",
        "cellwright generate -m task=riser_lift scene.riser_mm=20,60 episodes=10 renderer=none "
        "out=runs/risers",
    ), "test_adding.py, which adds what they name"),
    "cellwright smoke tasks=bench_lift": "test_docs.py adds that task",
    "cellwright generate task=bench_lift episodes=50 workers=2 renderer=none out=runs/lift":
        "test_docs.py adds that task",
    "cellwright generate -m hydra/sweeper=optuna hydra.sweeper.n_trials=20 hydra.sweeper.n_jobs=1 "
    "task=peg_round renderer=none episodes=40 probe=false \"scene.clearance_mm=interval(0.02,1)\" "
    "out=runs/search": "test_search.py, where optuna is installed",
}  # fmt: skip
NEEDS = {"robot=ur5": "example_robot_data", "MESH": "coacd", "lerobot": "av", "by_row": "av"}


def split(line: str) -> list[str]:
    """The words of a line as bash hands them over."""
    code = f"cellwright() {{ printf '%s\\0' \"$@\"; }}; {line}"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\0").split("\0")


TYPED = {" ".join(split(line)): line for line in lines() if line not in ELSEWHERE}


def test_every_line_has_an_effect_that_is_looked_for() -> None:
    assert set(TYPED) == {f"generate {words}" for words in GENERATE} | set(OTHERS)


@pytest.mark.parametrize("line", lines())
def test_no_shell_reads_a_line_otherwise(line: str) -> None:
    """Outside quotes stands nothing that bash or zsh would expand."""
    assert not re.search(r"[\[\]{}*?()~<>|&;!]", re.sub(r"'[^']*'|\"[^\"]*\"", "", line)), line


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The libraries and files that lines start from: simulated and of invented numbers."""
    root = tmp_path_factory.mktemp("docs")
    patch = pytest.MonkeyPatch()
    work_inline(patch)
    for name, task, words in (
        ("a", "bench_place", SMALL), ("peg", "peg_round", STATES), ("states", "bin_pick", STATES),
    ):  # fmt: skip
        out = f"out={root / 'simulated' / name}"
        assert dispatch(["generate", f"task={task}", out, *words]) == 0
    some = [synthetic_episode(i, np.random.default_rng(i)) for i in range(3)]
    some[1] = replace(some[1], success=False, failure="dropped")
    for name, task in (("a", "bench_place"), ("b", "bin_pick")):
        make_library(root / "invented" / name, [replace(one, task=task) for one in some])
    real = [replace(one, domain="real", cameras={"image_0": one.cameras["front"]}) for one in some]
    make_library(root / "invented" / "bridge", real)
    for format in ("webdataset", "rlds"):
        words = [f"src={root / 'invented' / 'bridge'}", f"out={root / format}"]
        assert dispatch(["export", f"format={format}", *words]) == 0
    patch.undo()
    return root


@pytest.mark.parametrize("words", TYPED)
def test_a_line_does_what_it_says(
    words: str,
    kept: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for part, module in NEEDS.items():
        if part in words and importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    monkeypatch.chdir(tmp_path)
    work_inline(monkeypatch)
    world = World(tmp_path)
    verb = words.partition(" ")[0]
    _lay_out(world, kept, verb, words)
    more, check = GENERATE.get(words.removeprefix("generate "), ((), OTHERS.get(words)))
    typed = [word.replace("NAME", "xarm7") for word in split(TYPED[words])]
    code = dispatch([*typed, *more])
    said = capsys.readouterr()
    world.out = said.out + said.err
    assert code == (2 if check is far else 0), world.out
    assert check is not None
    assert check(world), world.out


LIKE = {"place": "a", "try": "a", "real": "b"}  # libraries that stand for others


def _lay_out(world: World, kept: Path, verb: str, words: str) -> None:
    """What the line starts from."""
    kind = "invented" if verb in ("export", "mix", "check") else "simulated"
    names = set(re.findall(r"(?:src=|path:|cells=)runs/([\w-]+)", words))
    if "src=runs out" in words or "root=runs" in words:
        names = {"a", "b"} if verb == "export" else {"a"}
    if "src=runs/mix.json" in words:
        names = {"a", "b"}
    for name in names:
        shutil.copytree(kept / kind / LIKE.get(name, name), world.root / "runs" / name)
    if "src=runs/mix.json" in words:
        sources = "sources=[{path:runs/a,weight:80},{path:runs/b,weight:20}]"
        assert dispatch(["mix", "out=runs/mix.json", sources]) == 0
    if "by_row" in words:
        source = [f"src={kept}/invented/bridge", "out=path/to/dataset"]
        assert dispatch(["export", "format=lerobot", *source]) == 0
    for place, export in (("dataset", "webdataset"), ("folder", "rlds")):
        if f"path/to/{place}" in words and "by_row" not in words:
            shutil.copytree(kept / export, world.root / "path" / "to" / place)
    if "sweep=" in words:
        page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
        [file] = re.findall(r"```yaml\n(# clearance.yaml\n.*?)```", page, re.S)
        (world.root / "clearance.yaml").write_text(file)
    if "audit=" in words:
        sources = (
            f"sources=[{{path:{kept}/invented/a,weight:80}},{{path:{kept}/invented/b,weight:20}}]"
        )
        assert dispatch(["mix", "out=runs/mix.json", sources]) == 0
    if file := re.search(r"MESH\.\w+", words):
        import trimesh

        side = 40 if file[0].endswith("obj") else 0.04
        trimesh.creation.box((side, side / 2, side / 2)).export(world.root / file[0])
    if verb == "repair":
        (world.root / "runs" / "a" / "shards" / "00000.h5").unlink()
