"""A source's video: it stays as it is, or becomes pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from episodes.episode import CameraTrack, Episode
from episodes.errors import UserError, unknown
from episodes.finding import Report
from episodes.footage import Footage
from episodes.formats import frames

Pictures = Literal["copy", "decode"]
DEAR = 16  # pictures that are decoded for one, where training reads at random


def checked(pictures: str) -> Pictures:
    """UserError: no such way."""
    known: tuple[Pictures, ...] = get_args(Pictures)
    for way in known:
        if pictures == way:
            return way
    raise unknown("pictures", pictures, known)


def resolve_pictures(episode: Episode, pictures: Pictures, report: Report) -> Episode:
    """The episode, with all pictures of its videos decoded: to be had, or to see that it can be
    done. UserError: it cannot."""
    cameras = {
        name: _track(track, pictures, episode.index, f"obs/{name}_image", report)
        for name, track in episode.cameras.items()
    }
    return replace(episode, cameras=cameras)


def _track(
    track: CameraTrack, pictures: Pictures, index: int, field: str, report: Report
) -> CameraTrack:
    if track.video is None:
        return track
    if pictures == "decode":
        return replace(track, rgb=frames.colours(track.video), video=None)
    why = "its packets lie in pieces between others"
    if track.video.in_place:
        try:
            frames.prove(track.video)
            _report_seek_cost(track.video, index, field, report)
            return track
        except UserError:  # it may all the same be decoded from its beginning
            why = "it cannot be decoded from its keyframes on"
    rgb = frames.colours(track.video)
    report.add(
        "warning",
        f"its video is not kept as it is, but as pictures: {why}",
        episode=index,
        field=field,
    )
    return replace(track, rgb=rgb, video=None)


def _report_seek_cost(video: Footage, index: int, field: str, report: Report) -> None:
    """Keyframes that are far apart: kept as they are, and worth knowing."""
    if np.mean(video.frames - video.starts + 1) < DEAR:
        return
    apart = int(np.diff(np.append(np.flatnonzero(video.keys), len(video.keys))).max())
    report.add(
        "warning",
        f"its keyframes are up to {apart} pictures apart, and half as many are decoded for one at "
        "random: pictures=decode is faster to train from, and takes more room",
        episode=index,
        field=field,
    )
