"""zarr stores, read without zarr: store.py (a folder or a zip), arrays.py (metadata and chunks),
codecs.py (how a chunk is packed), read.py. Layouts are those of formats/arrays.

Of the specifications 2 and 3 (zarr-specs.readthedocs.io) it reads what has a plain type and a codec
of codecs.py; nothing in a store can run code: no pickles, no filters of objects.
"""

from episodes.formats.zarr.read import is_source, read, sources

__all__ = ["is_source", "read", "sources"]
