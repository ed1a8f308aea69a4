"""ROS 2 bags: folder.py and storage.py (the files), topics.py (the map), sampling.py, messages.py
(what they hold), read.py.
"""

from episodes.formats.mcap.folder import is_source, sources
from episodes.formats.mcap.read import read

__all__ = ["is_source", "read", "sources"]
