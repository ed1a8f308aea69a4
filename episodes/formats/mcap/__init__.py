"""ROS 2 bags in MCAP: folder.py, topics.py (the map), messages.py (what they hold), read.py."""

from episodes.formats.mcap.folder import is_source, sources
from episodes.formats.mcap.read import read

__all__ = ["is_source", "read", "sources"]
