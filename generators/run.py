"""One episode: made, looked at, replayed."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from episodes.array_types import Floats
from episodes.episode import CameraTrack, Episode
from episodes.errors import BadValue
from generators import tasks
from generators.cell_sources import open_source
from generators.cell_sources.source import CellSource
from generators.recorder import Recorder
from generators.reward import Scorer, reward_of
from generators.seeds import Streams
from generators.task import Task, TaskOutcome, instruction
from scenes import look
from sim import state_layout
from sim.motion.moves import BeginSubtask, Command, Failed, Move
from sim.plain import BadRecord
from sim.render import sensors
from sim.render.base import DEPTH_UNIT_M, Frame, Renderer
from sim.spec import Camera, Cell
from sim.station import Station

Config = Mapping[str, Any]

COLLISION_N = 100.0  # a push of the arm itself, not of its jaws, that counts as a collision [N]


def cell_for(source: CellSource, config: Config, streams: Streams) -> Cell:
    """The cell of one episode, dressed in the config's look, if that names one."""
    cell = source.cell(streams.index, streams.rng("cell"))
    return look.redraw(cell, config["look"] or {}, streams.rng("look"))


def make_episode(config: Config, seed: int, index: int) -> Episode:
    """Episode `index` of the library that `config` and `seed` describe, without pixels.

    A pure function: the same arguments give the same content_hash in any process and order. A
    script that fails gives a failed episode with its cause; it is never tried again.
    """
    task = tasks.make(config)
    streams = Streams(seed, index)
    source = open_source(config, task)
    cell = cell_for(source, config, streams)
    origin = source.origin(index)
    words = task.instruction(cell, streams.rng("words"))
    scorer = Scorer(task, cell, reward_of(config))
    with closing(Station(cell)) as station:
        recorder = Recorder(station)
        outcome = play(task, recorder, streams.rng("script"), scorer)
        return recorder.episode(
            index=index,
            seed=seed,
            task=task.name,
            instruction=instruction(words),
            language=words.texts,
            success=outcome.success,
            failure=outcome.failure,
            domain=origin.domain,
            lineage={**origin.lineage, "seed": seed, "index": index},
        )


def play(task: Task, recorder: Recorder, rng: np.random.Generator, scorer: Scorer) -> TaskOutcome:
    """The script's moves until the goal is reached, the script ends, fails, or time is up."""
    station = recorder.station
    last = int(task.max_seconds * station.world.cell.physics.control_hz)
    outcome = scorer(station)
    try:
        for command in _commands(task.script(station, rng), recorder):
            recorder.step(station.encode(command.tcp_to_world, command.gripper))
            outcome = scorer(station)
            recorder.rewards.append(outcome.reward)
            if outcome.success:
                return outcome
            if outcome.over:
                raise Failed(outcome.failure)
            if station.unreachable:
                raise Failed("ik_unreachable", station.unreachable)
            if station.world.push_on_arm(station.robot.name) > COLLISION_N:
                raise Failed("collision")
            if recorder.steps >= last:
                raise Failed("timeout")
    except Failed as failed:
        return _failed(recorder, failed.cause)
    return _failed(recorder, outcome.failure or "incomplete")


def _commands(script: Iterator[Move | BeginSubtask], recorder: Recorder) -> Iterator[Command]:
    """The commands of a script's moves. What a move fails of is raised in the script, at the yield
    of that move: it may catch it and go on."""
    failed: Failed | None = None
    while True:
        try:
            if failed is None:
                move = next(script)
            elif isinstance(script, Generator):
                move = script.throw(failed)
            else:
                raise failed
        except StopIteration:
            return
        failed = None
        if isinstance(move, BeginSubtask):
            recorder.mark(move)
            continue
        try:
            yield from move.commands(recorder.station)
        except Failed as error:
            failed = error


def _failed(recorder: Recorder, cause: str) -> TaskOutcome:
    if not recorder.steps:  # an episode has at least one row
        station = recorder.station
        recorder.step(station.encode(station.tcp_to_world, station.gripper))
        recorder.rewards.append(0.0)
    return TaskOutcome(False, cause)


def add_frames(episode: Episode, renderer: Renderer, cell: Cell | None = None) -> Episode:
    """The episode with what every camera of its cell saw at time[t], before actions[t].

    `cell` may be another view of the same states: other cameras, other looks.
    """
    assert episode.states is not None
    cell = cell or Cell.from_json(episode.cell)
    states = episode.states[:-1]
    noise = Streams(episode.seed, episode.index).rng("noise")
    seen = {camera.name: _Seen(camera, len(states)) for camera in cell.cameras}
    for t, frames in enumerate(
        sensors.through(cell, states, _taken(cell, states, renderer), noise)
    ):
        for name, kept in seen.items():
            kept.keep(t, frames.get(name))
    ids = {number: name for name, number in state_layout.segments(cell).items()}
    tracks = {
        camera.name: CameraTrack(
            rgb=seen[camera.name].rgb,
            depth=seen[camera.name].depth if sensors.has_depth(camera) else None,
            segmentation=seen[camera.name].segmentation,
            intrinsics=camera.intrinsics(),
            camera_to_world=_when_taken(state_layout.camera_to_world(cell, states, camera), camera),
            unit_m=DEPTH_UNIT_M,
            names=ids,
        )
        for camera in cell.cameras
    }
    return replace(
        episode,
        cameras=tracks,
        cell=cell.to_json(),
        renderer=f"{renderer.name} {renderer.version}",
    )


def _taken(cell: Cell, states: Floats, renderer: Renderer) -> Iterator[dict[str, Frame]]:
    """For each of states (T, S), the frames of the cameras that take one then."""
    rates = sorted({camera.every for camera in cell.cameras})
    streams = {
        every: renderer.frames(
            cell, states[::every], [c.name for c in cell.cameras if c.every == every]
        )
        for every in rates
    }
    for t in range(len(states)):
        row: dict[str, Frame] = {}
        for every, frames in streams.items():
            if t % every == 0:
                row |= next(frames)
        yield row


def _when_taken(camera_to_world: Floats, camera: Camera) -> Floats:
    """(T or 1, 4, 4): where a camera was when it took the picture that stands at each instant."""
    instants = np.arange(len(camera_to_world))
    held: Floats = camera_to_world[instants - instants % camera.every]
    return held


class _Seen:
    """The frames of one camera over T instants, in arrays that are there from the start: a list of
    them, stacked in the end, would take the memory twice."""

    def __init__(self, camera: Camera, instants: int) -> None:
        size = (instants, camera.height, camera.width)
        self.rgb = np.empty((*size, 3), np.uint8)
        self.depth = np.empty(size, np.uint16)
        self.segmentation = np.empty(size, np.uint16)

    def keep(self, t: int, frame: Frame | None) -> None:
        """None: no new one, so the last one stands."""
        for name in ("rgb", "depth", "segmentation"):
            rows = getattr(self, name)
            rows[t] = rows[t - 1] if frame is None else getattr(frame, name)


@dataclass(frozen=True)
class Replay:
    """How an episode's stored actions played out again. step: where it first differed, or None."""

    index: int
    step: int | None
    what: str = ""

    @property
    def same(self) -> bool:
        return self.step is None


def replay(episode: Episode) -> Replay:
    """Plays the stored `actions` in a new station from the stored cell. They must become the
    stored joint targets and lead to the stored states, bit for bit."""
    if episode.states is None or not episode.cell:
        return Replay(episode.index, 0, "nothing to replay: it has no states or no cell")
    stored = np.concatenate([episode.action["joint_position"], episode.action["gripper"]], axis=1)
    try:
        cell = Cell.from_json(episode.cell)
    except BadRecord as error:
        return Replay(episode.index, 0, str(error))
    with closing(Station(cell)) as station:
        if not np.array_equal(station.world.state(), episode.states[0]):
            return Replay(episode.index, 0, "the first state differs")
        for t, action in enumerate(episode.actions):
            try:
                targets = station.step(action)
            except BadValue as error:
                return Replay(episode.index, t, str(error))
            if not np.array_equal(targets, stored[t]):
                return Replay(episode.index, t, "actions and joint targets disagree")
            state = station.world.state()
            if not np.array_equal(state, episode.states[t + 1]):
                off = float(np.abs(state - episode.states[t + 1]).max())
                return Replay(episode.index, t, f"the next state differs by up to {off:.3g}")
    return Replay(episode.index, None)
