"""The one gate of every import: nothing enters a reserved name but what is known to mean it.

A reader names arrays as its source does. Where it knows that one means exactly what the format
means by that name (`episodes/reserved.py`), it says in the lineage how that is known:

    lineage={..., MEANING: {"obs/wrench": "geometry_msgs/WrenchStamped"}}

Any other array that bears a reserved name is kept under another, NAME.source, and told. Pictures
come through `cameras` alone. What cellwright exported was here when it was first imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import Episode
from episodes.errors import UserError, unknown
from episodes.formats.promises import Promises
from episodes.reserved import MEANING, RESERVED, meaning

GIVEN = "given with exact="
SLACK = 0.05  # how far a gripper's sensor may overshoot 0..1
UNIT = 1e-2  # how far the norm of a quaternion may be from 1


@dataclass(frozen=True)
class Gate:
    """Of one import. exact: reserved names whose arrays the user knows to mean just that."""

    promises: Promises
    exact: Sequence[str] = ()

    def __post_init__(self) -> None:
        for path in self.exact:
            if path not in RESERVED:
                raise unknown("name in exact:", path, RESERVED)

    def admit(self, episodes: Iterable[Episode]) -> Iterator[Episode]:
        """The same episodes, with nothing under a reserved name that is not known to mean it.

        UserError: an array that is `exact` is in no episode, or cannot be what that says.
        """
        lacking = set(self.exact)
        for episode in episodes:
            lacking.difference_update(_paths(episode))
            # Only what others recorded has a format in its lineage.
            yield self._admitted(episode) if "format" in episode.lineage else episode
        if lacking:
            raise UserError(f"exact={min(lacking)}: no episode has an array of that name")

    def _admitted(self, episode: Episode) -> Episode:
        arrays = _paths(episode)
        known = {
            path: how
            for path, how in episode.lineage.get(MEANING, {}).items()
            if path in arrays and not _contradiction(path, arrays[path], of_values=False)
        }
        for path in self.exact:
            if path in arrays and path not in known:
                if why := _contradiction(path, arrays[path]):
                    raise UserError(
                        f"exact={path}: episode {episode.index}: it {why}, so it is not "
                        f"{RESERVED[path].meaning}; leave it out of exact"
                    )
                known[path] = GIVEN
        moved = {}
        for path in arrays:
            if path not in known and (what := meaning(path)):
                moved[path] = _free(path, arrays)
                self._report(path, what, moved[path], episode.index)
        lineage = {key: value for key, value in episode.lineage.items() if key != MEANING}
        if known:
            lineage[MEANING] = known
        if "columns" in lineage:
            names = lineage["columns"]
            lineage["columns"] = {moved.get(path, path): names[path] for path in names}
        return replace(
            episode,
            action=_renamed("action/", arrays, moved),
            obs=_renamed("obs/", arrays, moved),
            lineage=lineage,
        )

    def _report(self, path: str, what: str, new: str, episode: int) -> None:
        way = f"; if it is just that, import it with exact={path}" if path in RESERVED else ""
        self.promises.lacks(
            f"nothing says that it is what the format means by this name ({what}): it becomes "
            f"{new}{way}",
            field=path,
            episode=episode,
        )


def _paths(episode: Episode) -> dict[str, AnyArray]:
    """Path -> array, as in "obs/wrench"."""
    action = {f"action/{name}": value for name, value in episode.action.items()}
    return {**action, **{f"obs/{name}": value for name, value in episode.obs.items()}}


def _renamed(group: str, arrays: dict[str, AnyArray], moved: dict[str, str]) -> dict[str, AnyArray]:
    return {
        moved.get(path, path).removeprefix(group): value
        for path, value in arrays.items()
        if path.startswith(group)
    }


def _free(path: str, arrays: dict[str, AnyArray]) -> str:
    """The new name; at its end, since the end of a name makes it a picture."""
    while path in arrays:
        path += ".source"
    return path


def _contradiction(path: str, array: AnyArray, of_values: bool = True) -> str | None:
    """What about an array (T, ...) cannot be what the format means by its name, if anything."""
    width = RESERVED[path].width if path in RESERVED else None
    if array.ndim != 2 or width not in (None, array.shape[1]):
        return f"is of shape {array.shape}, not (T, {width or 'J'})"
    if not of_values:
        return None
    values = array[np.isfinite(array).all(axis=1)]
    if width == 1 and np.any((values < -SLACK) | (values > 1 + SLACK)):
        return f"goes from {values.min():.4g} to {values.max():.4g}"
    norms = np.linalg.norm(values[:, 3:], axis=1) if width == 7 else np.ones(1)
    if np.any(np.abs(norms - 1) > UNIT):
        return f"has quaternions of norm {norms.min():.4g} to {norms.max():.4g}"
    return None
