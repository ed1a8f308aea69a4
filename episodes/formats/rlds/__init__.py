"""RLDS: records.py (framing), example.py (wire format), features.py, folder.py, read.py, oxe.py,
faults.py; write.py.
"""

from episodes.formats.rlds.folder import expected, is_source, sources
from episodes.formats.rlds.read import read
from episodes.formats.rlds.write import write

__all__ = ["expected", "is_source", "read", "sources", "write"]

ONE_SHAPE = "TFDS wants one shape"
