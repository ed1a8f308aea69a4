"""Episodes at rest. Training code needs `from episodes import Library, Mix` and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from episodes.mix.mix import Mix
    from episodes.storage.library import Library

__all__ = ["Library", "Mix"]


def __getattr__(name: str) -> Any:
    # Lazy, so that a command that only needs an error class does not pay for h5py.
    if name == "Library":
        from episodes.storage.library import Library

        return Library
    if name == "Mix":
        from episodes.mix.mix import Mix

        return Mix
    raise AttributeError(f"module 'episodes' has no attribute {name!r}")
