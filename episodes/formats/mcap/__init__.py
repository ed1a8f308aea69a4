"""ROS 2 bags in MCAP: topics.py (the map), messages.py (what a message holds), read.py."""

from episodes.formats.mcap.read import is_source, read, sources

__all__ = ["is_source", "read", "sources"]
