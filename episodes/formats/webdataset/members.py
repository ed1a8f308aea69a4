"""The members of a sample, one step of one episode, and what they hold.

All of a sample are named KEY.EXTENSION, where KEY is EEEEEE_TTTTTT: `json` (what was said, and by
whom), `numbers.npz` (every numeric row), `{camera}_image.png`, `{camera}_depth.npz` and
`{camera}_segmentation.npz` (16 bits: decoders of pictures would make them 8). The first step of an
episode also has `header.json`: the rest of the episode (flat.py).
"""

from __future__ import annotations

import re

INDEX = "index.json"  # beside the tars: file -> its samples and episodes
SAID = "json"
NUMBERS = "numbers.npz"
HEADER = "header.json"
FRAME = "frame"  # the array in a picture's npz

_KEY = re.compile(r"(\d{6,12})_(\d{6,12})\.(.+)")


def name(episode: int, step: int, extension: str) -> str:
    return f"{episode:06d}_{step:06d}.{extension}"


def parse(member: str) -> tuple[int, int, str] | None:
    """Episode, step, extension; None for a member that is not of a sample of ours."""
    found = _KEY.fullmatch(member)
    return None if found is None else (int(found[1]), int(found[2]), found[3])


def array(row: str) -> str:
    """The name in `numbers.npz` of a row: a member of an archive may not have a folder in it."""
    return row.replace("/", ".")


def picture(row: str) -> str:
    """The extension, less .png or .npz, of a row of pictures ("obs/{camera}_{channel}")."""
    return row.removeprefix("obs/")
