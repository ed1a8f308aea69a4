"""Robot training data for manufacturing: made, checked, mixed and loaded.

    import cellwright

    library = cellwright.Library("runs/peg")
    for batch in cellwright.Loader(cellwright.Mix("runs/mix.json"), batch_size=64): ...

What reads data (`Library`, `Mix`, `Loader`, `check`, `import_library`, `export_library`) needs
numpy and h5py. What makes it (`generate`, `replay`, `make_env`, `env_from_episode`) needs the extra
`sim`, on Python 3.11. Each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from episodes.api import export_library, import_library
    from episodes.check.check import check
    from episodes.episode import Episode
    from episodes.errors import UserError
    from episodes.mix.loader import Loader
    from episodes.mix.mix import Mix
    from episodes.storage.library import Library
    from generators.api import generate
    from generators.envs import env_from_episode, make_env
    from generators.run import replay

__all__ = [
    "Episode",
    "Library",
    "Loader",
    "Mix",
    "UserError",
    "check",
    "env_from_episode",
    "export_library",
    "generate",
    "import_library",
    "make_env",
    "replay",
]

_HOMES = {
    "Episode": "episodes.episode:Episode",
    "Library": "episodes.storage.library:Library",
    "Loader": "episodes.mix.loader:Loader",
    "Mix": "episodes.mix.mix:Mix",
    "UserError": "episodes.errors:UserError",
    "check": "episodes.check.check:check",
    "export_library": "episodes.api:export_library",
    "generate": "generators.api:generate",
    "import_library": "episodes.api:import_library",
    "env_from_episode": "generators.envs:env_from_episode",
    "make_env": "generators.envs:make_env",
    "replay": "generators.run:replay",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cellwright' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    try:
        value = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if not module.startswith("generators."):
            raise
        raise ModuleNotFoundError(
            f"cellwright.{name} needs the engine, and here is the data side alone: install "
            f"cellwright[sim] on Python 3.11 ({error})",
            name=error.name,
        ) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
