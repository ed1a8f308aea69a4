"""Episodes of a file of arrays, by what its layout says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from episodes import errors
from episodes.array_types import AnyArray
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.formats import language
from episodes.formats.arrays import cuts, facts, nodes, parts, unknown
from episodes.formats.arrays.cuts import Cut
from episodes.formats.arrays.facts import Facts
from episodes.formats.arrays.layout import ArrayLayout
from episodes.formats.arrays.nodes import Group, Leaf
from episodes.formats.arrays.sensed import Sensed
from episodes.formats.promises import Promises
from episodes.storage.safe import plain

MAX_TOLD = 8  # names in one finding
COLOURS = ("rgb", "bgr")


@dataclass(frozen=True)
class Wanted:
    """The options of an import, as the user gave them. UserError: one that is none."""

    format: str
    hz: float | None = None
    layout: str | None = None
    map: Any = None
    colours: str | None = None

    def __post_init__(self) -> None:
        if self.colours not in (None, *COLOURS):
            raise errors.unknown("options.colours", self.colours, COLOURS)

    def with_rate(self) -> str:
        """The same options with a rate, to be typed."""
        given = {"layout": self.layout, "map": self.map, "colours": self.colours}
        told = {name: value for name, value in given.items() if value is not None}
        return f"'options={unknown.typed({'hz': 20, **told})}'"

    def chosen(self, file: Path, root: Group) -> ArrayLayout:
        return unknown.choose(file, root, self.layout, self.map)


def read(
    promises: Promises, name: str, root: Group, wanted: Wanted, first: int
) -> Iterator[Episode]:
    """The episodes of one file, `promises.source`, numbered from `first`; `name` is that of the
    file in its data set. UserError: an unknown layout, no rate, no observations; with strict,
    anything that would be left out."""
    file = promises.source
    layout = wanted.chosen(file, root)
    home = cuts.home(root, layout)
    known = facts.read(file, root, home, layout, wanted.hz)
    found = cuts.cuts(root, layout, promises, name)
    if not found:
        raise UserError(f"{file}: no episodes in it ({layout.name}: {layout.episodes})")
    reader = _ArrayReader(wanted, layout, known, promises, name)
    reader.report_file(root, [cut.path for cut in found])
    split = _split(root)
    index = first
    for cut in found:
        episode = reader.episode(cut, index, split.get(cut.path.rpartition("/")[2]))
        if episode is not None:
            yield episode
            index += 1


@dataclass(frozen=True)
class _ArrayReader:
    wanted: Wanted
    layout: ArrayLayout
    facts: Facts
    promises: Promises
    name: str

    def report_file(self, root: Group, episodes: list[str]) -> None:
        """What is in the file and in no episode; pictures that stand on their heads."""
        ours = {path for path in episodes if path}
        taken = (self.layout.ends, *self.layout.flags, "mask/train", "mask/valid")
        rest = [
            path
            for path, _ in nodes.walk(root, skip=ours)
            if path not in taken
        ] if all(episodes) else []  # fmt: skip
        self.report_left_out(dict.fromkeys(rest, "part of no episode"), None)
        if self.facts.upside_down:
            self.promises.report.add(
                "warning",
                f"{self.name}: pictures are left as they are, bottom row first "
                "(macros_image_convention=opengl)",
                field="cameras",
            )

    def report_left_out(self, lost: Mapping[str, str], index: int | None) -> None:
        """One finding a reason, whose words do not depend on the episode."""
        reasons: dict[str, list[str]] = {}
        for path, why in lost.items():
            reasons.setdefault(why, []).append(path)
        for why, paths in reasons.items():
            more = f" and {len(paths) - MAX_TOLD} more" if len(paths) > MAX_TOLD else ""
            names = "" if len(paths) == 1 else f" {', '.join(paths[:MAX_TOLD])}{more}"
            field = paths[0] if len(paths) == 1 else ""
            self.promises.lacks(f"left out{names}: {why}", field=field, episode=index)

    def episode(self, cut: Cut, index: int, split: str | None) -> Episode | None:
        """None: it is left out, which is told. UserError: it cannot be read."""
        layout, known = self.layout, self.facts
        which = cut.path if cut.stop is None else f"episode {cut.number}"
        name = ": ".join(filter(None, (self.name, which)))
        place = ": ".join(filter(None, (str(known.file), which)))
        found = parts.sort(nodes.leaves(cut.group, cut.start, cut.stop), layout)
        if layout.actions and not found.actions:
            self.promises.lacks(f"{name} has no {layout.actions[0]} and is left out")
            return None
        steps = parts.steps_of(found, layout, place)
        if not steps:
            self.promises.lacks(f"{name} has no steps and is left out")
            return None
        sensed = self.sensed(found, steps, place)
        actions, action = parts.actions(found, layout, steps, place)
        attributes, unkept = facts.kept(cut.group)
        texts_there = facts.texts_of(attributes, known.file)
        words = language.words({**known.texts, **texts_there, **found.texts}, steps)
        rate, rate_source, time = self.time(found.roles.get("time"), sensed, attributes)
        dones, ended = parts.ended(found, layout, steps)
        lost = {
            **found.lost,
            **dict.fromkeys(words.unread, "text that changes on the way"),
            **{f"the attribute {name}": why for name, why in unkept.items()},
        }
        self.report_episode(index, lost, sensed, [leaf.path for leaf in found.actions])
        texts = {name: text for name, text in words.rest.items() if name in found.texts}
        extra = {"split": split, "attributes": attributes, "texts": texts, "ended": ended}
        return Episode(
            index=index,
            seed=0,
            task=known.task,
            robot=known.robot,
            domain=known.domain,
            control_hz=rate,
            instruction=words.instruction,
            success=parts.success(
                attributes, found.roles.get("success"), known.episodes.get(cut.number, {})
            ),
            failure="",
            time=time,
            actions=actions,
            action=action,
            obs=sensed.obs,
            rewards=parts.rewards(found, steps),
            dones=dones,
            cameras={name: sensed.cameras[name] for name in sorted(sensed.cameras)},
            subtasks=words.subtasks,
            language=words.language,
            licence="unknown",
            lineage={
                "format": self.wanted.format,
                "layout": layout.name,
                "file": self.name,
                "demo": cut.path.rpartition("/")[2],
                "rate": f"{rate:g} Hz: {rate_source}",
                "env_args": dict(known.env),
                "left_out": sorted(lost),
                **(
                    {"converted": done}
                    if (done := {**sensed.converted, **self.converted_actions()})
                    else {}
                ),
            },
            extra={"source_episode": cut.number, **{k: v for k, v in extra.items() if v}},
        )

    def sensed(self, found: parts.Parts, steps: int, place: str) -> Sensed:
        """UserError: nothing was."""
        colours = self.wanted.colours
        encoded = self.layout.bgr if colours is None else colours == "bgr"
        sensed = Sensed(self.layout, steps, place, (encoded, colours == "bgr"))
        for leaf in found.obs:
            sensed.add(leaf, found.lost)
        if not sensed.cameras and not sensed.obs:
            held = ", ".join([*(leaf.path for leaf in found.actions), *list(found.lost)[:4]])
            remedy = self.layout.remedy or (
                "say what was sensed: 'options={map:{actions:PATH,obs:[PATH]}}'"
            )
            raise UserError(f"{place} holds {held}, no observations; {remedy}")
        return sensed

    def time(
        self, stamps: Leaf | None, sensed: Sensed, attributes: Mapping[str, Any]
    ) -> tuple[float, str, AnyArray]:
        """(rate [Hz], who says so, times (T + 1,) [s]). Stamps that are not taken for the time are
        kept as a reading. UserError: nothing tells the rate."""
        rate, source, steps = self.facts.rate, self.facts.rate_source, sensed.steps
        if not source and (own := facts.attribute_rate(attributes)) and 0 < own[0] < 1e5:
            rate, source = own
        if stamps is not None and stamps.rows >= steps and stamps.dtype.kind in "fiu":
            measured, times = facts.measured(stamps.read(steps))
            if times is not None and not source:
                return measured, f"the median of {stamps.path}", times
            sensed.obs[stamps.path] = stamps.read(steps).reshape(steps, -1)
        if not source:
            raise UserError(
                f"{self.facts.file}: it does not tell its control rate; give it: "
                f"{self.wanted.with_rate()}"
            )
        return rate, source, np.arange(steps + 1) / rate

    def converted_actions(self) -> dict[str, str]:
        rows = self.layout.ahead
        return {"actions": f"of row t, those of row t + {rows} in the source"} if rows else {}

    def report_episode(
        self, index: int, lost: Mapping[str, str], sensed: Sensed, paths: Sequence[str]
    ) -> None:
        self.report_left_out(lost, index)
        if len(paths) > 1:
            self.promises.report.add(
                "warning",
                f"they are {', '.join(paths)}, side by side",
                episode=index,
                field="actions",
            )
        for name, why in sensed.unknown.items():
            self.promises.report.add("warning", why, episode=index, field=f"obs/{name}")


def _split(root: Group) -> dict[str, str]:
    """demo -> "train" or "valid", of robomimic's filter keys."""
    out: dict[str, str] = {}
    for side in ("valid", "train"):
        names = nodes.array_at(root, f"mask/{side}")
        if names is not None and len(names.shape) == 1:
            out |= {str(plain(name)): side for name in names[: int(names.shape[0])]}
    return out
