"""LeRobot: meta.py (info and tables), tables.py (parquet), read.py, faults.py."""

from episodes.formats.lerobot.read import is_source, read, sources

__all__ = ["is_source", "read", "sources"]
