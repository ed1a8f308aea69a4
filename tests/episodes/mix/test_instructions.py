"""The instruction in any language, and in other words."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from episodes import Mix
from episodes.errors import UserError
from episodes.mix.build import build
from episodes.mix.loader import Loader
from tests.mixing import ONE_CAMERA, episodes, make_library, real

EN = ("put the block into the tray", "place the block in the tray", "block to tray")
KO = ("블록을 트레이에 넣으세요", "트레이에 블록을 놓아 주세요")
DE = ("leg den Block in die Schale",)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("words")
    both = {"en": EN, "ko": KO}
    make_library(root / "sim", [replace(e, language=both) for e in episodes(4)])
    german = [replace(e, language={"de": DE}, instruction=DE[0]) for e in real(3)]
    make_library(root / "german", german)
    make_library(root / "mute", [replace(e, language={}, instruction="do it") for e in real(2)])
    for name, sources in {"sim": ["sim"], "two": ["sim", "german"], "mute": ["mute"]}.items():
        paths = [{"name": source, "path": str(root / source)} for source in sources]
        build(root / f"{name}.json", {"sources": paths, **(ONE_CAMERA if len(paths) > 1 else {})})
    return root


def test_an_instruction_comes_in_the_language_that_is_asked_for(home: Path) -> None:
    plain, korean = Mix(home / "sim.json"), Mix(home / "sim.json", language="ko")
    for i in range(20):
        assert plain[i]["instruction"] == EN[0]
        assert "language" not in plain[i]
        assert (korean[i]["language"], korean[i]["instruction"]) == ("ko", KO[0])
        assert korean[i]["step"] == plain[i]["step"]
    batch = next(iter(Loader(korean, 8, threads=1)))
    assert batch["instruction"] == [KO[0]] * 8


def test_of_several_languages_the_first_that_an_episode_has(home: Path) -> None:
    mix = Mix(home / "two.json", language=["ko", "de"])
    for i in range(40):
        wanted = ("ko", KO[0]) if mix[i]["source"] == "sim" else ("de", DE[0])
        assert (mix[i]["language"], mix[i]["instruction"]) == wanted


def test_paraphrases_follow_from_the_seed_and_the_index_alone(home: Path, tmp_path: Path) -> None:
    mix = Mix(home / "sim.json", paraphrases=True)
    said = [mix.window(i)["instruction"] for i in range(600)]
    counts = Counter(said)
    assert set(counts) == set(EN)
    assert min(counts.values()) > 150, "each of three about as often"
    again = Mix(home / "sim.json", paraphrases=True)
    assert [again.window(i)["instruction"] for i in reversed(range(0, 600, 7))] == said[::7][::-1]
    for options in ({"threads": 2}, {"workers": 1}):
        loader = Loader(again, 16, start=32, stop=96, **options)
        assert [text for batch in loader for text in batch["instruction"]] == said[32:96]
    sources = [{"name": "sim", "path": str(home / "sim")}]
    build(tmp_path / "other.json", {"sources": sources, "seed": 1})
    other = Mix(tmp_path / "other.json", paraphrases=True)
    assert [other.window(i)["instruction"] for i in range(40)] != said[:40]


def test_paraphrases_of_a_language(home: Path) -> None:
    mix = Mix(home / "two.json", language=("ko", "de"), paraphrases=True)
    assert {mix.window(i)["instruction"] for i in range(200)} == {*KO, *DE}


def test_an_episode_that_tells_of_no_language_keeps_its_words(home: Path) -> None:
    sample = Mix(home / "mute.json", paraphrases=True)[0]
    assert (sample["language"], sample["instruction"]) == ("", "do it")


@pytest.mark.parametrize(
    ("name", "language", "message"),
    [
        ("two", "ko", r"episode 0 of source 'german' has no instruction in ko, but in: de; .*"
         r"by {language: ko}.*\('ko', 'de'\)"),
        ("mute", "en", "source 'mute' has no instruction in en, but in: none"),
        ("sim", 3, "language=3 is none"),
        ("sim", ["ko", ""], "is none; try language='en'"),
    ],
)  # fmt: skip
def test_a_language_that_is_not_there_is_told_at_once(
    home: Path, name: str, language: Any, message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        Mix(home / f"{name}.json", language=language)
    assert "\n" not in str(caught.value)


def test_the_remedies_of_that_message_work(home: Path, tmp_path: Path) -> None:
    Mix(home / "two.json", language=("ko", "de"))
    mixed = [replace(e, language={"en": EN} if e.index % 2 else {"ko": KO}) for e in episodes(4)]
    make_library(tmp_path / "mixed", mixed)
    source = {"path": str(tmp_path / "mixed"), "filter": {"language": "ko"}}
    build(tmp_path / "m.json", {"sources": [source]})
    mix = Mix(tmp_path / "m.json", language="ko")
    assert {mix[i]["episode"] for i in range(40)} == {0, 2}
