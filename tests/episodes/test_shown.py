"""Text of others, where people see it: on a terminal, in a README, as a file's name."""

from __future__ import annotations

import io
import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from episodes.shown import Harmless, file_name, markdown, shown
from generators.command.cli import dispatch
from tests.helpers import synthetic_episode
from tests.libraries import make_library

LINE = "\ncellwright: everything is sound"
EVIL = (
    f"\x1b[2J\x1b]0;owned\x07\u202edekcah\u2066\u200f\u2028{LINE}\r\x9b1m<img src=x>|[a](http://b)"
)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("bench_place", "bench_place"),
        ("부품을 옮긴다 · ½ ß é", "부품을 옮긴다 · ½ ß é"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("a\nb\rc\td\x7f\x9b", "a\\x0ab\\x0dc\\x09d\\x7f\\x9b"),
        ("a\u2028b\u2029\u0085", "a\\u2028b\\u2029\\x85"),
        ("\u202e\u2066\u200e\u061c", "\\u202e\\u2066\\u200e\\u061c"),
        ("\ufeff\u200b\u2060", "\\ufeff\\u200b\\u2060"),
        ("\ud800", "\\ud800"),
        ("\U000e0041\U0010ffff", "\\U000e0041\\U0010ffff"),
        ("fa\u00adhr\u200cx\u200d", "fa\u00adhr\u200cx\u200d"),
    ],
)
def test_shown(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_every_letter_of_unicode_is_shown_on_one_line() -> None:
    for number in range(0, 0x110000, 7):
        seen = shown(chr(number))
        assert len(seen.splitlines()) == 1 or not seen.strip()
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in seen)
        seen.encode()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("put bench_place on 3 parts, 1.5 mm", "put bench_place on 3 parts, 1.5 mm"),
        ("<img src=x onerror=alert(1)>|y", "&lt;img src=x onerror=alert(1)&gt;\\|y"),
        ("[a](http://b)", "\\[a\\](http\\://b)"),
        ("https://b.c www.d.e @all", "https\\://b.c www\\.d.e \\@all"),
        ("# head\n---\nx", "\\# head\\\\x0a---\\\\x0ax"),
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        ("_a_ *b* `c` ~d~ $e$ a__b", "\\_a\\_ \\*b\\* \\`c\\` \\~d\\~ \\$e\\$ a\\_\\_b"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("", "(none)"),
    ],
)
def test_markdown(text: str, seen: str) -> None:
    assert markdown(text) == seen


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bench_place", "bench_place"),
        ("/tmp/outside", "tmp-outside"),
        ("../../x", "x"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("a\0b\nc", "a-b-c"),
        ("부품 1", "부품-1"),
        (".hidden", "hidden"),
        ("CON: \\\\host\\x", "CON-host-x"),
        ("n" * 300, "n" * 80),
    ],
)
def test_file_name(text: str, name: str) -> None:
    assert file_name(text) == name


def test_a_harmless_stream_keeps_lines_and_nothing_else() -> None:
    out = io.StringIO()
    print("one\x1b[2J", "two", file=Harmless(out))
    assert out.getvalue() == "one\\x1b[2J two\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library in which every text is an attack."""
    rng = np.random.default_rng(3)
    evil = dict.fromkeys(("task", "robot", "instruction", "licence"), EVIL)
    episodes = [
        replace(synthetic_episode(i, rng, 6, size=(16, 12)), **evil, success=False, failure=EVIL)
        for i in range(2)
    ]
    return make_library(tmp_path_factory.mktemp("evil") / "lib", episodes)


@pytest.mark.parametrize(
    "words",
    [
        "list root={lib}/..",
        "check src={lib}",
        "check src={lib} most=null",
        "show src={lib} out={out} video_px=0",
        "show src={lib} out={out} video_px=16",
        "export src={lib} out={out} format=webdataset",
        "export src={lib} out={out} format=lerobot",
        "replay src={lib}",
        "repair src={lib} dry_run=true",
        "render src={lib} out={out}",
        "import src={lib} out={out}",
        "mix out={out} sources=[{{name:a,path:{lib},weight:1}}] keys=[actions]",
    ],
)
def test_no_verb_prints_what_a_terminal_obeys(
    words: str, library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in library.rglob("*") if path.is_file()}
    code = dispatch(words.format(lib=library, out=tmp_path / "out").split(" "))
    printed = capsys.readouterr()
    said = printed.out + printed.err
    assert code in (0, 1, 2, 5)
    assert said
    assert not [c for c in said if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl")]
    assert LINE.strip() not in said.splitlines(), "a text passes for a line of ours"
    assert set(tmp_path.iterdir()) <= {tmp_path / "out"}
    assert {path: path.read_bytes() for path in library.rglob("*") if path.is_file()} == before


def test_the_card_of_an_export_holds_text_and_no_markup(library: Path, tmp_path: Path) -> None:
    words = ["export", f"src={library}", f"out={tmp_path / 'out'}", "format=webdataset"]
    assert dispatch(words) == 0
    lines = (tmp_path / "out" / "README.md").read_text().split("\n")
    front = lines[1 : lines.index("---", 1)]
    assert [line.partition(":")[0] for line in front] == [
        "pretty_name", "license", "task_categories", "size_categories", "tags"
    ]  # fmt: skip
    assert front[1] == "license: other"
    text = "\n".join(lines)
    assert "<img" not in text
    assert "[a](http" not in text
    assert not [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl")]
    assert not [line for line in lines if line.startswith("cellwright: everything")]
    assert EVIL in json.loads((tmp_path / "out" / "croissant.json").read_text())["recordSet"][0][
        "data"][0].values(), "data is kept as it is"  # fmt: skip


def test_a_film_is_called_by_safe_letters(library: Path, tmp_path: Path) -> None:
    assert dispatch(["show", f"src={library}", f"out={tmp_path / 'o'}", "video_px=16"]) == 0
    names = sorted(path.name for path in (tmp_path / "o").iterdir())
    assert len(names) == 2
    assert names[1] == "sheet.png"
    assert all(c.isascii() and (c.isalnum() or c in "._-") for c in names[0])
