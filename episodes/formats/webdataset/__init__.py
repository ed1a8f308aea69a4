"""WebDataset: members.py (what a sample's members are), write.py, read.py."""

from episodes.formats.webdataset.read import is_source, read, sources
from episodes.formats.webdataset.write import write

__all__ = ["is_source", "read", "sources", "write"]
