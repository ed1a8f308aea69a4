"""Libraries that only some formats need."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from episodes.errors import UserError

EXTRA = {
    "array_record.python.array_record_module": "formats",
    "av": "formats",
    "mcap.reader": "mcap",
    "mcap_ros2.decoder": "mcap",
    "pyarrow": "formats",
    "pyarrow.parquet": "formats",
    "yaml": "mcap",
}


def need(module: str, why: str) -> ModuleType:
    """The module. UserError: it is not installed; says which extra brings it."""
    try:
        return import_module(module)
    except ImportError:
        extra = EXTRA[module]
        raise UserError(
            f"{why} needs {module.partition('.')[0]}: pip install 'cellwright[{extra}]'"
        ) from None
