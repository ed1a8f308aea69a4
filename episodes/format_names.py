"""The formats of others that there are: NAME is the module `episodes.formats.NAME`."""

from __future__ import annotations

# in the order in which what is at an unknown place is tried
READABLE = ("lerobot", "rlds", "hdf5", "robomimic", "zarr", "video", "mcap", "webdataset")
WRITABLE = ("lerobot", "rlds", "robomimic", "webdataset")
