"""RLDS: records.py (framing), example.py (wire format), features.py, folder.py, read.py, oxe.py."""

from episodes.formats.rlds.folder import is_source, sources
from episodes.formats.rlds.read import read

__all__ = ["is_source", "read", "sources"]
