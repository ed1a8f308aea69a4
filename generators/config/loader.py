"""Hydra's composition, walled in: every road from a command line to a config goes through here.

What is composed may name things, and set what Hydra itself does in nothing but a search
(`hydra.sweeper`). It is looked at after composition, whatever files and words it came from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from episodes.errors import UserError, unknown
from generators.config import vetting
from generators.config.conf_folder import CONF
from generators.config.groups import options
from generators.config.search_path import OVERRIDE

ADDRESS = "pool.address"  # of a cluster, whose answers are unpickled
# what Hydra notes of a composition beside its settings
NOTES = (("runtime",), ("overrides",), ("searchpath",), ("job", "override_dirname"))


def app(own: Iterable[str] = ()) -> Hydra:
    """Hydra over our configs and what `own` adds: overrides that are ours, not the user's, who may
    not set such keys."""
    version.setbase("1.3")
    app = Hydra("cellwright", VettedLoader(own))  # registers the resolvers
    OmegaConf.register_new_resolver("oc.env", _refuse_env, replace=True)
    return app


class VettedLoader(ConfigLoaderImpl):
    """Raises UserError for a config that could run code, or was looked for outside its folder."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        super().__init__(create_config_search_path(f"file://{CONF}"))
        self.repository = _Repository(self.config_search_path)
        self._own = frozenset(own)

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        for word in overrides:  # a sweeper makes words of its own
            if word not in self._own:
                vetting.vet_word(word)
        found = super().load_configuration(
            config_name, overrides, run_mode, from_shell, validate_sweep_overrides
        )
        if OmegaConf.select(found, ADDRESS) is not None and not _said(ADDRESS, overrides):
            raise UserError(f"{ADDRESS} is for the command line: what is there is sent our code")
        if any(word.startswith(OVERRIDE) for word in overrides):  # files that are not ours
            ours = super().load_configuration(
                config_name,
                [w for w in overrides if w.startswith("hydra") and not w.startswith(OVERRIDE)],
                RunMode.MULTIRUN,  # lets a group be that has to be named
                validate_sweep_overrides=False,
            )
            _refuse_settings(_settings(found), _settings(ours), "hydra")
        return found


class _Repository(ConfigRepository):
    """Where configs are looked for: by names of options, never by a path that leads elsewhere."""

    def _find_object_source(
        self, config_path: str, object_type: ObjectType | None
    ) -> ConfigSource | None:
        if vetting.is_name(config_path):
            return super()._find_object_source(config_path, object_type)
        group, _, option = config_path.partition("/")
        if vetting.is_name(group):
            raise unknown(group, option, options(group))
        raise UserError(f"{config_path!r} names no config: an option is named, not its path")


def _said(key: str, overrides: Iterable[str]) -> bool:
    return any(word.partition("=")[0] == key for word in overrides)


def _settings(config: DictConfig) -> Any:
    """What the config has Hydra do, without its notes of what was composed."""
    found = OmegaConf.to_container(config.hydra, resolve=False)
    for *above, name in NOTES:
        place: Any = found
        for key in above:
            place = place[key]
        place.pop(name)
    return found


def _refuse_settings(found: Any, ours: Any, place: str) -> None:
    """UserError where a setting of Hydra's is not what our own configs and the search say."""
    if isinstance(found, dict) and isinstance(ours, dict):
        for key in sorted({*found, *ours}):
            _refuse_settings(found.get(key), ours.get(key), f"{place}.{key}")
    elif found != ours:
        raise UserError(f"{place}: a config of yours may not set up Hydra itself")


def _refuse_env(*_: Any) -> NoReturn:
    raise UserError("${oc.env:...} is refused: a config reads no environment; write the value")
