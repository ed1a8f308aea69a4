"""What cells are sampled from: ours, and those in the user's own folders."""

from sim import user_folders

__path__.extend(user_folders.extra_path("scenes"))
