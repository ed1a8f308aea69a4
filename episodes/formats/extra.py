"""Libraries that only some formats need."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from episodes.errors import UserError

EXTRA = {
    "PIL.Image": "formats",
    "PIL.ImageDraw": "formats",
    "array_record.python.array_record_module": "formats",
    "av": "formats",
    "imagecodecs": "zarr",
    "mcap.reader": "mcap",
    "mcap.records": "mcap",
    "mcap_ros2.decoder": "mcap",
    "numcodecs": "zarr",
    "pyarrow": "formats",
    "pyarrow.parquet": "formats",
    "rosbags.rosbag2": "mcap",
    "rosbags.typesys": "mcap",
    "yaml": "mcap",
    "zstandard": "mcap",
}

PACKAGES = {"PIL.Image": "pillow", "PIL.ImageDraw": "pillow"}


def need(module: str, why: str) -> ModuleType:
    """The module. UserError: it is not installed; says which extra brings it."""
    try:
        return import_module(module)
    except ImportError:
        extra, package = EXTRA[module], PACKAGES.get(module, module.partition(".")[0])
        raise UserError(f"{why} needs {package}: pip install 'cellwright[{extra}]'") from None
