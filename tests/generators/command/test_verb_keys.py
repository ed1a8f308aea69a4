"""Every key has a type: text stays as typed, and what cannot be is refused before work begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from episodes.errors import UserError
from episodes.value_types import (
    Choice,
    Flag,
    LocalPath,
    Maybe,
    Number,
    Several,
    Size,
    Table,
    Text,
    ValueType,
    WholeNumber,
)  # fmt: skip
from generators.command import usage
from generators.command.cli import dispatch
from generators.command.spelling import original, spelled
from generators.command.verb_keys import KEYS, kind_of
from generators.command.verbs import VERBS
from generators.config import groups
from generators.config.groups import Option

CONF = Path(__file__).parents[3] / "conf"
# what Hydra or YAML takes for something else, or cannot read
AS_TYPED = (
    "2026_10_05", "1_000", "1e3", "1.5e-3", "on", "off", "yes", "no", "true", "null", "nan", "inf",
    "2026-10-05", "010", "0x10", "0b1", "0o7", "1:30", "12:30:45", "+5", "-5", ".5", "5.", "007",
    "데이터", "rüns", "Größe 5", "my runs", "it's", '5"', "a=b", "a(1)", "x#1", "a;b", "a\\b",
    "C:\\d", "100%", "@home", "!x", "a|b", "-", "run{1}", "a[0]", "日本", "..a", "~x", "ab\\",
)  # fmt: skip
FREE = [  # keys that take any text
    (verb, key)
    for verb in VERBS
    for key, kind in KEYS[verb].items()
    if isinstance(getattr(kind, "kind", kind), Text | LocalPath) and "." not in key
]


def body(verb: str) -> dict[str, object]:
    """The keys of conf/VERB.yaml."""
    content = yaml.safe_load((CONF / f"{verb}.yaml").read_text(encoding="utf-8"))
    return {key: value for key, value in content.items() if key != "defaults"}


def read(word: str, kind: ValueType) -> Any:
    """What Hydra makes of a word of the command line."""
    [override] = OverridesParser.create().parse_overrides([spelled(word, kind)])
    config = OmegaConf.create({"value": override.value()})
    return OmegaConf.to_container(config, resolve=True)["value"]  # type: ignore[call-overload]


@pytest.mark.parametrize("verb", VERBS)
def test_every_key_of_a_verb_has_a_type_and_no_other(verb: str) -> None:
    assert {key for key in KEYS[verb] if "." not in key} == set(body(verb)) - set(
        usage.groups(verb)
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_default_is_of_its_type(verb: str) -> None:
    for key, value in body(verb).items():
        if value != "???" and key not in usage.groups(verb):
            KEYS[verb][key].read(key, value)


@pytest.mark.parametrize("verb", VERBS)
def test_a_chosen_group_comes_after_the_keys_of_a_verb(verb: str) -> None:
    content = yaml.safe_load((CONF / f"{verb}.yaml").read_text(encoding="utf-8"))
    order = [
        entry if isinstance(entry, str) else next(iter(entry)) for entry in content["defaults"]
    ]
    assert order[:2] == ["base", "_self_"]


def test_there_are_keys_of_text_in_all_verbs_but_one() -> None:
    assert {verb for verb, _ in FREE} == set(VERBS) - {"smoke"}


@pytest.mark.parametrize(("verb", "key"), FREE)
def test_text_is_taken_as_it_was_typed(verb: str, key: str) -> None:
    kind = KEYS[verb][key]
    for text in AS_TYPED:
        expected = None if text == "null" and isinstance(kind, Maybe) else text
        assert read(f"{key}={text}", kind) == expected


@pytest.mark.parametrize("text", AS_TYPED)
def test_text_inside_lists_and_mappings_too(text: str) -> None:
    if set(text) & set("[]{},\\"):
        return
    kind = kind_of("mix", "sources")
    typed = f"sources=[{{name:{text},path:{text},weight:1e3}},{{sources:[{{path:{text}}}]}}]"
    assert read(typed, kind) == [
        {"name": text, "path": text, "weight": 1000.0}, {"sources": [{"path": text}]}
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["2026_10_05", "010", "데이터", "a b", "it's"])
def test_a_key_of_no_known_type_loses_nothing(text: str) -> None:
    assert read(f"scene.colours=[{text},red]", ValueType()) == [text, "red"]
    assert read(f"scene.x={{a:{text}}}", ValueType()) == {"a": text}


@pytest.mark.parametrize(
    ("word", "value"),
    [("x=1_000", 1000), ("x=3", 3), ("x=1e3", 1000.0), ("x=-0.5", -0.5), ("x=[1,2]", [1, 2])],
)
def test_numbers_stay_numbers(word: str, value: object) -> None:
    assert read(word, Number()) == value


def test_quotes_and_sweeps_mean_what_they_do_in_hydra() -> None:
    parse = OverridesParser.create().parse_overrides
    assert read("out='a, b'", LocalPath()) == "a, b"
    assert read(r"out=a\, b", LocalPath()) == "a, b"
    [swept] = parse([spelled("out=1e3,데이터", LocalPath())])
    assert [str(one.text) for one in swept.value().list] == ["1e3", "데이터"]
    [ranged] = parse([spelled("scene.gap_mm=interval(0.1,1)", ValueType())])
    assert ranged.is_interval_sweep()


@pytest.mark.parametrize("key", ["실측", "2026_10_05", "true", "1e3", "ü-1", "0x10"])
def test_keys_of_a_mapping_are_text(key: str) -> None:
    [name] = read(f"ratio={{{key}:0.2}}", ValueType())
    assert original(str(name)) == key


def test_a_sweep_file_is_read_as_if_it_were_typed(tmp_path: Path) -> None:
    from generators.config.vetting import vetted

    file = tmp_path / "s.yaml"
    file.write_text("out: 2026_10_05\nsrc: [010, on, 2026-10-05, 1:30, 'a b', ü]\n", "utf-8")
    assert vetted([f"sweep={file}"]) == [
        "-m", "out=2026_10_05", "src=010,on,2026-10-05,1:30,'a b',ü"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["2026_10_05", "1e3", "데이터", "rüns 5", "it's", "0x10", "null"])
def test_a_folder_of_any_name_is_found_unquoted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert dispatch(["list", f"root={name}"]) == 0
    assert f"no library under {tmp_path / name};" in capsys.readouterr().out


def test_a_mix_names_its_sources_in_hangul(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["sources=[{name:실측,path:데이터}]", "ratio.실측=1", "out=섞음.json"]
    assert dispatch(["mix", *words, "--cfg", "job"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["sources"] == [{"name": "실측", "path": "데이터"}]
    assert shown["ratio"] == {"실측": 1}
    assert dispatch(["mix", *words]) == 2
    assert f"source '실측': no such folder: {tmp_path / '데이터'}" in capsys.readouterr().err


TASK = ["task=bench_place", "out=x"]
CANNOT_BE = [
    ("generate", "seed", ("18446744073709551616", "9223372036854775808", "1e3", "-1", "null", "x")),
    ("generate", "episodes", ("0", "1.5", "true", "1e99", "many", "[1]")),
    ("generate", "workers", ("0", "1000000", "-1", "2.0")),
    ("generate", "shard_size", ("0", "1000000000", "null")),
    ("generate", "image_size", ("0", "[64]", "[64,64,3]", "[64.5,64]", "[64,9000]", "null", "big")),
    ("generate", "compression", ("zip", "null", "5")),
    ("generate", "dry_run", ("yes", "1", "null")),
    ("generate", "aim_success", ("2", "-0.1", ".nan")),
    ("generate", "physics.hz", ("0", "1e3", "1000000")),
    ("generate", "physics.control_hz", ("0", "0.5")),
    ("generate", "physics.solver_iterations", ("0", "-1")),
    ("generate", "physics.contact_stiffness", ("-1", "inf", "stiff")),
    ("generate", "physics.settle_s", ("-1", "1e9")),
    ("generate", "task.max_seconds", ("0", "-1", "nan", "soon")),
    ("generate", "pool.recycle", ("0", "1.5")),
    ("generate", "pool.episode_seconds", ("0", "null")),
    ("generate", "pool.memory_gb", ("0", "-1", "lots")),
    ("generate", "robot.home_jitter_deg", ("-3", "[1,2]")),
    ("smoke", "seconds", ("0", "-1", "inf")),
    ("smoke", "workers", ("0", "x")),
    ("smoke", "renderer", ("fast", "null")),
    ("render", "look_seed", ("-1", "18446744073709551616")),
    ("render", "shard_size", ("0",)),
    ("render", "workers", ("0",)),
    ("replay", "episodes", ("0", "1.5", "all")),
    ("replay", "seconds", ("0", "null")),
    ("check", "most", ("0", "x")),
    ("check", "records_only", ("1", "no")),
    ("import", "shard_size", ("0", "1000000000")),
    ("import", "strict", ("yes",)),
    ("import", "domain", ("reel", "1")),
    ("import", "options.hz", ("0", "-10", "fast", "1e9", "nan")),
    ("export", "options", ("5", "[a]")),
    ("show", "episodes", ("0", "-1")),
    ("show", "video_px", ("-1", "100000")),
    ("part", "scale", ("0", "-1", "x")),
    ("part", "density", ("-1", "inf")),
    ("audit", "fraction", ("0", "2", "-0.1", "x")),
    ("audit", "seed", ("-1", "18446744073709551616")),
    ("repair", "workers", ("0",)),
]  # fmt: skip
NEEDED = {
    "generate": TASK,
    "import": ["src=.", "out=x"],
    "export": ["src=.", "out=x", "format=rlds"],
    "part": ["src=a.stl"],
    "render": ["src=.", "out=x"],
    "smoke": [],
}


@pytest.mark.parametrize(("verb", "key", "values"), CANNOT_BE, ids=lambda v: str(v)[:24])
def test_a_value_that_cannot_be_is_refused(verb: str, key: str, values: tuple[str, ...]) -> None:
    kind = kind_of(verb, key)
    for value in values:
        with pytest.raises(UserError, match=key):
            kind.read(key, read(f"{key}={value}", kind))


@pytest.mark.parametrize(
    ("verb", "word"),
    [
        ("generate", "seed=18446744073709551616"),
        ("generate", "physics.hz=0"),
        ("generate", "physics.control_hz=7"),
        ("generate", "pool.recycle=0"),
        ("generate", "~seed"),
        ("generate", "task.name=peg_round"),
        ("generate", "pool.name=ray"),
        ("generate", "renderer.name=tiny"),
        ("render", "look_seed=-1"),
        ("import", "options.hz=0"),
        ("smoke", "seconds=0"),
        *((verb, "workers=0") for verb in ("replay", "repair", "audit")),
    ],
)
def test_the_command_refuses_it_before_anything_is_made(
    verb: str,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dispatch([verb, *NEEDED.get(verb, ["src=."]), word]) == 2
    assert word.strip("~").partition("=")[0] in capsys.readouterr().err
    assert not list(tmp_path.iterdir()), "something was written"


def test_completion_and_refusal_know_what_there_is() -> None:
    """Names that stand in the types as text, since what has them is slow to import."""

    def names(verb: str, key: str) -> set[str]:
        return set(KEYS[verb][key].offers()) - {"null"}

    assert names("smoke", "tasks") == set(groups.options("task"))


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (WholeNumber(1), 2.0, "try k=2"),
        (WholeNumber(1), "x", "try k=1"),
        (Number(0, 1), "x", "try k=1"),
        (Flag(), 1, "try k=true"),
        (Size(), "x", 'try "k=[128,128]"'),
        (LocalPath(), ["a"], "try k=runs/NAME"),
        (Choice(("gzip",)), "gzp", "did you mean 'gzip'"),
        (Option("task"), "bin_pik", "did you mean 'bin_pick'"),
        (Several(Option("task")), ["bin_pik"], "did you mean 'bin_pick'"),
        (Table({}), "x", "k.NAME=VALUE"),
        (Number(), 10**400, "must be a number"),
    ],
)
def test_a_refusal_says_what_would_do(kind: ValueType, value: object, says: str) -> None:
    with pytest.raises(UserError) as refused:
        kind.read("k", value)
    assert says in str(refused.value)
