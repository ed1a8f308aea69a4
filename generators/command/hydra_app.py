"""A verb as a Hydra app: its config composed, checked, made plain, and run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hydra._internal.hydra import Hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from episodes.errors import Exit, UserError
from generators.command import usage
from generators.command.spelling import original, unboxed
from generators.command.verb_keys import typed
from generators.command.verbs import VERBS
from generators.command.words import CommandLine, overrides
from generators.config import (
    choose_tool,
    groups,
    loader,
    recorded_cells,
    user_meshes,
    vetting,
)
from generators.config.search_path import search_path

Config = dict[str, Any]  # what verbs are handed: plain, resolved, complete, every value typed


def run(verb: str, words: CommandLine) -> Exit:
    """Lets Hydra parse `words` and compose, then runs the verb: how it ended."""
    job = HydraJob(verb)
    keys = overrides(verb, words.keys, words.many)
    own = search_path(words.folders)
    # Hydra's sweeper insists on writing a multirun.yaml
    with TemporaryDirectory() if words.many else nullcontext() as scratch:
        if words.many:
            keys = [_deferred(key) for key in keys]
            own += [f"hydra.sweep.dir={scratch}"]
        own += [f"hydra.mode={'MULTIRUN' if words.many else 'RUN'}"]
        app = loader.app(own)
        if words.shown is not None:
            _show(app, verb, [*keys, *own], words)
        elif words.many:
            app.multirun(verb, job, [*keys, *own])
        else:
            app.run(verb, job, [*keys, *own])
    return job.finish()


def _show(app: Hydra, verb: str, keys: list[str], words: CommandLine) -> None:
    """Prints the config, with keys as they were typed."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        app.show_cfg(verb, keys, words.shown, words.package or "_global_", words.resolve)
    print(original(printed.getvalue()), end="")


class HydraJob:
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
        self.code = Exit.DONE

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

    def finish(self) -> Exit:
        """Runs what was kept: the worst exit code of all."""
        if self.tried:
            print(_best(self.tried))
        elif self.many:
            self._sweep()
        else:
            for words, config in self.kept:  # none after --cfg or completion
                self.code = self.module.run(plain(self.verb, config, words))
        return self.code

    def _sweep(self) -> float:
        """Runs the combinations kept so far: the verb's figure of merit."""
        kept, self.kept = self.kept, []
        shared = set(kept[0][0]).intersection(*(words for words, _ in kept)) if kept else set()
        configs = {}
        for words, one in kept:
            own = [word for word in words if word not in shared] or words
            configs[" ".join(own)] = plain(self.verb, one, words)
        if hasattr(self.module, "sweep"):
            code, merit = self.module.sweep(configs) if configs else (Exit.DONE, 0.0)
        else:
            code, merit = Exit.DONE, 0.0
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
    """The config that `cellwright VERB WORDS` would run with. UserError for what cannot be."""
    keys = overrides(verb, words)
    return plain(verb, _composed(verb, keys, search_path()), keys)


def _composed(verb: str, keys: list[str], own: list[str]) -> DictConfig:
    """own: overrides that are ours."""
    config = loader.app(own).config_loader.load_configuration(
        verb, [*keys, *own], RunMode.RUN, from_shell=False
    )
    with open_dict(config):
        del config["hydra"]
    return config


def tentative(verb: str, words: Sequence[str], wrong: str = "") -> Config:
    """As far as it can be composed, without values read: for completion and near matches.

    wrong: the key to leave out. Of a sweep the first values are taken, of a group that has no
    default its first option.
    """
    keys = [w for w in words if "=" in w and not w.startswith(("-", "hydra", "sweep="))]
    keys = [_first(w) for w in keys if w.partition("=")[0] != wrong]
    given = {word.partition("=")[0] for word in keys}
    needed = [g for g, o in usage.groups(verb).items() if o == "???" and g not in given]
    keys += [f"{group}={groups.options(group)[0]}" for group in needed]
    folders = [w.partition("=")[2] for w in words if w.startswith("--config-dir=")]
    folders += [w for at, w in pairwise(words) if at in ("--config-dir", "-cd")]
    path = search_path(map(Path, folders))
    of_groups = [word for word in keys if word.partition("=")[0] in usage.groups(verb)]
    for some in (keys, of_groups):
        try:
            config = _composed(verb, overrides(verb, some), path)
            return dict(_sorted(OmegaConf.to_container(config)))
        except Exception:  # another word is wrong too; it gets its own line next time
            continue
    return {}


def _first(word: str) -> str:
    """Of a sweep a=1,2 the first value: the keys are the same for all of them."""
    key, _, value = word.partition("=")
    return word if value.startswith(("[", "{", "'", '"')) else f"{key}={value.split(',')[0]}"


def plain(verb: str, config: DictConfig, words: Sequence[str]) -> Config:
    """The config, composed by these words, as a dict of typed values, complete and without anything
    that could run code.

    Keys are sorted at every level, as in library.json: what is drawn in the order of a mapping must
    not depend on the order of lines in a file.
    """
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        needs = " ".join(f"{key}=..." for key in missing)
        raise UserError(f"{verb} needs {needs} (`cellwright {verb} --help` says what that is)")
    found = _sorted(OmegaConf.to_container(config, resolve=True))
    vetting.refuse_code(found, "the config")
    found = {key: unboxed(value) for key, value in found.items()}
    named = recorded_cells.resolved(typed(verb, found), words)
    whole = user_meshes.resolved(choose_tool.equipped(named))
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
        return {original(str(key)): _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
