"""Every verb that writes, as a row: what it is typed with, and what it starts from.

A new verb, or a new format to export to, is a row in WRITING; `test_verbs.py` fails without it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import trimesh

from episodes.storage import store
from tests import films
from tests.faults.fork_server import Asked, ForkServer

SMALL = "image_size=[16,16]"
MADE = ["task=bench_place", "task.max_seconds=0.15", "renderer=tiny", SMALL, "shard_size=1"]


@dataclass(frozen=True)
class Verb:
    """words: after `cellwright`; SRC/ is the folder of sources, OUT what it writes to, both in the
    folder that it is called in. before: puts what it starts from at OUT.
    """

    words: tuple[str, ...]
    before: Callable[[Path, Path], None] = lambda sources, out: None

    @property
    def name(self) -> str:
        return self.words[0]


def _copy(source: str) -> Callable[[Path, Path], None]:
    def copy(sources: Path, out: Path) -> None:
        shutil.copytree(sources / source, out)

    return copy


def _damaged(sources: Path, out: Path) -> None:
    """A library with a shard cut short, one gone, and a record that is not true."""
    shutil.copytree(sources / "lib", out)
    cut, gone, untrue = (out / store.SHARDS / f"{n:05d}.h5" for n in range(3))
    cut.write_bytes(cut.read_bytes()[:1000])
    gone.unlink()
    record = untrue.with_suffix(".json")
    record.write_text(record.read_text().replace('"success": false', '"success": true'))


def _quarantined(sources: Path, out: Path) -> None:
    """A library one of whose episodes could not be made, once."""
    shutil.copytree(sources / "lib", out)
    for suffix in (".json", ".h5"):
        (out / store.SHARDS / f"00001{suffix}").unlink()
    store.quarantine(out, 1, {"seed": 0, "attempts": 3, "reason": "the lights went out", "log": ""})


def _exported(format: str, *options: str) -> Verb:
    return Verb(("export", f"format={format}", "src=SRC/lib", "out=OUT", *options))


WRITING: Mapping[str, Verb] = {
    "generate": Verb(("generate", *MADE, "episodes=3", "out=OUT")),
    "generate, grown": Verb(("generate", *MADE, "episodes=3", "out=OUT"), _copy("short")),
    "generate, sweep": Verb(
        ("generate", "-m", *MADE, "probe=false", "episodes=1", "seed=0,1", "out=OUT")
    ),
    "render": Verb(("render", "src=SRC/lib", "out=OUT", "renderer=tiny", SMALL, "shard_size=1")),
    "repair": Verb(("repair", "src=OUT"), _damaged),
    "repair, quarantined": Verb(("repair", "src=OUT", "quarantined=true"), _quarantined),
    "import, webdataset": Verb(("import", "src=SRC/webdataset", "out=OUT", "shard_size=1")),
    "import, lerobot": Verb(("import", "src=SRC/lerobot", "out=OUT", "shard_size=1")),
    "import, robomimic": Verb(("import", "src=SRC/robomimic", "out=OUT", "shard_size=2")),
    "import, video": Verb(("import", "src=SRC/films", "out=OUT", "shard_size=1")),
    "export, lerobot": _exported("lerobot"),
    "export, rlds": _exported("rlds"),
    "export, robomimic": _exported("robomimic"),
    "export, robomimic merged": _exported("robomimic", "options.merged=true"),
    "export, webdataset": _exported("webdataset"),
    "mix": Verb(("mix", "out=OUT", "horizon=2", "sources=[{name:a,path:SRC/lib,weight:1}]")),
    "show": Verb(("show", "src=SRC/lib", "out=OUT", "episodes=2", "video_px=32")),
    "part": Verb(("part", "src=SRC/box.stl", "out=OUT.png")),
}
# What is published whole: there is nothing, or all of it. The rest is whole file by file.
AT_ONCE = ("import", "export", "mix", "part")

# What reads only: nothing at all is written.
READING: Mapping[str, tuple[str, ...]] = {
    "smoke": ("smoke", "tasks=bench_place", SMALL, "seconds=0.1"),
    "replay": ("replay", "src=SRC/lib"),
    "check": ("check", "src=SRC/lib"),
    "list": ("list", "root=SRC"),
    "audit": ("audit", "src=SRC/lib", "fraction=1"),
    "part": ("part", "src=SRC/box.stl"),
    "repair": ("repair", "src=SRC/lib"),
    "repair, dry": ("repair", "src=SRC/broken", "dry_run=true"),
    "mix": ("mix", "audit=SRC/mix.json"),
    "generate, dry": ("generate", *MADE, "episodes=3", "out=OUT", "dry_run=true"),
}


def make_sources(server: ForkServer, folder: Path) -> Path:
    """What every row reads, made by the command itself, without trouble."""
    (folder / "films").mkdir(parents=True)
    names = ("b_pictures.mp4", "vp9.webm")  # two files of three episodes
    for name in names:
        films.kind(folder / "films", name)
    films.takes(folder / "films", [{"video": name} for name in (*names, names[0])])
    trimesh.creation.box((0.04, 0.03, 0.02)).export(folder / "box.stl")
    for words in (
        ["generate", *MADE, "episodes=1", "out=short"],
        ["generate", *MADE, "episodes=3", "out=lib"],
        ["export", "format=webdataset", "src=lib", "out=webdataset"],
        ["export", "format=lerobot", "src=lib", "out=lerobot"],
        ["export", "format=robomimic", "src=lib", "out=robomimic"],
        ["mix", "out=mix.json", "horizon=2", "sources=[{name:a,path:lib,weight:1}]"],
        ["part", "src=box.stl"],  # takes long the first time
    ):
        done = server.run(Asked(words, str(folder)))
        assert done.code == 0, (words, done.printed)
    _damaged(folder, folder / "broken")
    _quarantined(folder, folder / "quarantined")
    return folder


@dataclass(frozen=True)
class Place:
    """A folder of its own in which a verb is called; SRC is a link to the sources."""

    folder: Path
    verb: Verb

    @classmethod
    def made(cls, folder: Path, sources: Path, verb: Verb) -> Place:
        folder.mkdir()
        (folder / "SRC").symlink_to(sources)
        verb.before(sources, folder / "OUT")
        return cls(folder, verb)

    def asked(self, trouble: str = "none", turn: int = 0, **limits: int) -> Asked:
        return Asked(list(self.verb.words), str(self.folder), trouble, turn, **limits)

    def content(self) -> dict[str, bytes]:
        """What there is to be seen in the folder, without the date in a record."""
        return seen(self.folder)

    def hidden(self) -> list[str]:
        """What nobody is to see, and should not be left."""
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob(".*"))

    def remove(self) -> None:
        shutil.rmtree(self.folder)


def seen(folder: Path) -> dict[str, bytes]:
    """name -> bytes of every file that is not hidden; links are not followed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            found[str(relative)] = _timeless(path)
    return found


def _timeless(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".json" and path.parent.name == store.SHARDS:
        try:
            record = json.loads(data)
            record.pop("created")
            return json.dumps(record, sort_keys=True).encode()
        except (ValueError, KeyError):
            pass
    return data
