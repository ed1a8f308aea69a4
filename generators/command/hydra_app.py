"""A verb as a Hydra app: its config composed, checked, made plain, and run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from episodes.errors import UserError
from generators.command.verbs import VERBS
from generators.config import choose_tool, user_meshes, vetting
from generators.config.search_path import search_path

# mappings whose keys are the user's own; Hydra would have to be told with a + that a key is new
OPEN_KEYS = ("ratio.", "cameras.", "options.")

Config = dict[str, Any]  # what verbs are handed: plain, resolved, complete


def run(verb: str, words: Sequence[str]) -> int:
    """Lets Hydra parse `words` and compose, then runs the verb: its exit code."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come through; `problems` words them
    OmegaConf.register_new_resolver("oc.env", _refuse_env, replace=True)
    job = Job(verb)
    words = [f"++{word}" if word.startswith(OPEN_KEYS) else word for word in words]
    words += search_path()
    with TemporaryDirectory() as scratch:  # Hydra's sweeper insists on writing a multirun.yaml
        if {"-m", "--multirun"} & set(words):
            words = [*map(_deferred, words), f"hydra.sweep.dir={scratch}"]
        sys.argv = ["cellwright", *words]
        hydra.main(version_base="1.3", config_path="pkg://conf", config_name=verb)(job)()
    return job.finish()


class Job:
    """What Hydra calls with each combination of a sweep, or once.

    It only keeps the configs: all of them are composed before the first one runs, and they run
    as one. A sweeper that searches (Optuna) needs each answer before its next question, so for
    such a one a combination runs in the call.
    """

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.module = import_module(f"generators.command.verbs.{VERBS[verb]}")
        self.kept: list[tuple[list[str], DictConfig]] = []  # the overrides of each, and itself
        self.tried: list[tuple[list[str], float]] = []  # by a search, with their merits
        self.many = False
        self.code = 0

    def __call__(self, config: DictConfig) -> float | None:
        state = HydraConfig.get()
        self.many = state.mode == RunMode.MULTIRUN
        words = OmegaConf.to_container(state.overrides.task, resolve=False)
        assert isinstance(words, list)
        told = [str(word) for word in words]
        self.kept.append((told, config))
        if not self.many or state.sweeper["_target_"].endswith(".BasicSweeper"):
            return None
        merit = self._sweep()
        self.tried.append((told, merit))
        return merit

    def finish(self) -> int:
        """Runs what was kept: the worst exit code of all."""
        if self.tried:
            print(_best(self.tried))
        elif self.many:
            self._sweep()
        else:
            for _, config in self.kept:  # none after --cfg or completion
                self.code = self.module.run(plain(self.verb, config))
        return self.code

    def _sweep(self) -> float:
        """Runs the combinations kept so far: the verb's figure of merit."""
        kept, self.kept = self.kept, []
        shared = set(kept[0][0]).intersection(*(words for words, _ in kept)) if kept else set()
        configs = {}
        for words, one in kept:
            own = [word for word in words if word not in shared] or words
            configs[" ".join(own)] = plain(self.verb, one)
        if hasattr(self.module, "sweep"):
            code, merit = self.module.sweep(configs) if configs else (0, 0.0)
        else:
            code, merit = 0, 0.0
            for label, config in configs.items():
                print(f"== {self.verb} {label}", flush=True)
                code = max(code, self.module.run(config))
        self.code = max(self.code, code)
        return float(merit)


def _best(tried: Sequence[tuple[list[str], float]]) -> str:
    """Which of the combinations that a search tried came closest to its aim."""
    shared = set(tried[0][0]).intersection(*(words for words, _ in tried))
    words, merit = min(tried, key=lambda one: one[1])
    own = " ".join(word for word in words if word not in shared) or " ".join(words)
    return f"closest to the aim of {len(tried)} tried: {own} (off by {merit:.3g})"


def composed(verb: str, words: Sequence[str]) -> Config:
    """The config that `cellwright VERB WORDS` would run with."""
    GlobalHydra.instance().clear()
    with hydra.initialize_config_module("conf", version_base="1.3"):
        return plain(verb, hydra.compose(verb, [*words, *search_path()]))


def plain(verb: str, config: DictConfig) -> Config:
    """The config as a dict of plain values, complete and without anything that could run code.

    Keys are sorted at every level, as in library.json: what is drawn in the order of a mapping must
    not depend on the order of lines in a file.
    """
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        needs = " ".join(f"{key}=..." for key in missing)
        raise UserError(f"{verb} needs {needs} (`cellwright {verb} --help` says what that is)")
    found = OmegaConf.to_container(config, resolve=True)
    assert isinstance(found, dict)
    vetting.refuse_code(found, "the config")
    whole = choose_tool.equipped({str(key): value for key, value in found.items()})
    whole = user_meshes.resolved(whole)
    return {key: _sorted(whole[key]) for key in sorted(whole)}


def _deferred(word: str) -> str:
    """In a sweep Hydra sets fixed keys before it knows the swept groups that hold them. As a sweep
    over one value, `scene.gap=3` waits for `task=a,b`."""
    key, equals, value = word.partition("=")
    if not equals or "." not in key or word.startswith(("-", "hydra")):
        return word
    [override] = OverridesParser.create().parse_overrides([word])
    return word if override.is_sweep_override() else f"{key}=choice({value})"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _refuse_env(*_: Any) -> NoReturn:
    raise UserError("${oc.env:...} is refused: a config reads no environment; write the value")
