"""What a camera of a source is called, and what there is of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

IMAGE, DEPTH, SEGMENTATION = "_image", "_depth", "_segmentation"
INTRINSICS, POSE, NAMES = "/intrinsics", "/camera_to_world", "/segmentation_names"
# What there may be of a camera, in a demo and, by the camera's name in the mix, in a sample.
PARTS = (
    f"obs/{{}}{IMAGE}",
    f"obs/{{}}{DEPTH}",
    f"obs/{{}}{SEGMENTATION}",
    f"cameras/{{}}{INTRINSICS}",
    f"cameras/{{}}{POSE}",
    f"cameras/{{}}{NAMES}",
)
# How data sets write a camera's name out in full: "observation.images.front", "obs/front_image".
_PREFIX = re.compile(r"(steps|obs|observations?|images?)\.")


def chosen(wanted: Mapping[str, Sequence[str]], cameras: Collection[str]) -> dict[str, str]:
    """Name in the mix -> which camera of a source that is, for those that the source has.

    wanted: name in the mix -> what sources may call it, the likeliest first. A name that a camera
    has is that camera. Else it may be written out in full, and with `_image` at its end or without,
    unless another entry names that camera as it is. Last, the camera may have the name already.
    """
    found: dict[str, str] = {}
    for name, aliases in wanted.items():
        exact = [one for one in map(_exact, aliases) if one in cameras]
        if exact:
            found[name] = exact[0]
    free = set(cameras).difference(found.values())
    for name, aliases in wanted.items():
        loose = [one for alias in aliases for one in _spellings(alias) if one in free]
        for one in (*loose, *({name} & set(cameras))):
            found.setdefault(name, one)
    return found


def _exact(alias: str) -> str:
    """A camera's name, or that of its pictures in a demo."""
    if alias.startswith("obs/"):
        return alias.removeprefix("obs/").removesuffix(IMAGE)
    return alias


def _spellings(alias: str) -> Iterator[str]:
    plain = alias.replace("/", ".")
    while True:
        yield from (plain, plain.removesuffix(IMAGE), plain + IMAGE)
        if not (prefix := _PREFIX.match(plain)):
            return
        plain = plain[prefix.end() :]
