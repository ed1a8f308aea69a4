"""LeRobot: meta.py (info and tables), tables.py (parquet), read.py, faults.py; write.py,
columns.py (names and types), stats.py.
"""

from episodes.formats.lerobot.read import expected, is_source, read, sources
from episodes.formats.lerobot.write import write

__all__ = ["expected", "is_source", "read", "sources", "write"]

ONE_SHAPE, ONE_RATE = "LeRobot wants one rate and one shape", True
