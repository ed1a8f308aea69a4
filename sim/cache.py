"""Derived files that are worth keeping: named by the hash of what they are made from."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def folder(name: str) -> Path:
    """`$XDG_CACHE_HOME/cellwright/name` (default ~/.cache), made if it is not there."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = root / "cellwright" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def kept(name: str, filename: str, make: Callable[[], bytes]) -> Path:
    """The cached file; made and moved into place whole, so that racing processes agree."""
    path = folder(name) / filename
    if not path.exists():
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(make())
        partial.replace(path)
    return path
