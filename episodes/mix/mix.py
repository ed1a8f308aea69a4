"""Several libraries as one sequence of training windows, in exact proportions.

    from episodes import Mix
    mix = Mix("runs/mix.json")
    window = mix[0]     # a dict of arrays, with source, domain, episode, step beside them
    mix.draw(10**9)     # Draw(source, episode, step, epoch), far beyond len(mix)

Draw i is a pure function of the manifest and i. So a run is resumed from one integer, rank r of n
takes the draws i = r mod n, and neither the number of workers nor the batch size changes anything.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from episodes.array_types import AnyArray, Ints, Singles
from episodes.errors import UserError
from episodes.mix import manifest, normalize
from episodes.mix.align import SAMPLE
from episodes.mix.audit import Audit, table
from episodes.mix.build import build, strides
from episodes.mix.draws import Draws
from episodes.mix.instructions import Instructions
from episodes.mix.items import Items
from episodes.mix.lowdim import Kinematics, Scales
from episodes.mix.manifest import TEXT, Source
from episodes.mix.quotas import BLOCK
from episodes.mix.windows import SourceWindows, blank
from episodes.storage.library import Library
from episodes.storage.records import Row

__all__ = ["Draw", "Mix", "audit", "build", "table"]

_BLOCKS = 16  # that are remembered, 32 kB each


class Draw(NamedTuple):
    """One step of one episode of one source, in that source's so-many-th epoch."""

    source: str
    episode: int
    step: int
    epoch: int


@dataclass(frozen=True)
class _ResolvedBlock:
    """1,000 draws: number of the source, index of the episode, step, epoch. All (1000,)."""

    source: Ints
    episode: Ints
    step: Ints
    epoch: Ints


class Mix:
    """The windows of a mix, by index. `len` is the planned number of draws; iterating ends there.

    A sample is a dict: actions (horizon, A), obs/* (history, ...), masks, and source, domain,
    robot, task, instruction (str), episode, step, epoch (int). It works in a torch DataLoader with
    any number of workers, forked or spawned; files are opened where they are read.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        draws: int | None = None,
        kinematics: Mapping[str, Kinematics] | None = None,
        language: str | Sequence[str] | None = None,
        paraphrases: bool = False,
    ) -> None:
        """draws: another length. kinematics: see `build`; has to be picklable for workers.

        language: of the instructions, "ko", or several: the first that an episode has. paraphrases:
        not the first way to say it but any of them, which follows from the seed and the index of
        the draw. With either, `language` in a sample tells what it is.

        Raises UserError if the manifest is damaged, if a library is gone or has changed, or if
        episodes have no instruction in the language.
        """
        self.path = Path(path).expanduser().absolute()
        self.manifest = manifest.read(self.path)
        self.length = self.manifest.draws if draws is None else int(draws)
        sources, view = self.manifest.sources, self.manifest.view
        libraries = [_library(source, self.path) for source in sources]
        self._rows = [
            {row.index: row for row in (library.row(n) for n in source.chosen)}
            for source, library in zip(sources, libraries, strict=True)
        ]
        self._instructions = Instructions.asked(language, paraphrases, self.manifest.seed)
        chosen = [tuple(rows.values()) for rows in self._rows]
        self._robots = frozenset(row.robot for rows in chosen for row in rows)
        self._items = [
            Items(rows, self.manifest.by, strides(rows, view), source.name, self.manifest.seed)
            for source, rows in zip(sources, chosen, strict=True)
        ]
        self._windows = [
            SourceWindows(
                library,
                source.name,
                self.manifest.keys,
                view,
                kinematics or {},
                ahead=self.manifest.shards is not None,
                words=self._instructions is not None,
            )
            for source, library in zip(sources, libraries, strict=True)
        ]
        self._draws = Draws(
            [source.name for source in sources],
            [source.share for source in sources],
            [items.of_shards for items in self._items],
            self.manifest.seed,
            self.manifest.shards,
        )
        self._texts = any(key.dtype == TEXT for key in self.manifest.keys)
        self._scales: dict[tuple[str, str], Scales] = {}
        self._blocks: OrderedDict[int, _ResolvedBlock] = OrderedDict()
        self._lock = threading.Lock()  # of the blocks and of what counts them out
        if self._instructions is not None:
            for number, rows in enumerate(chosen):
                for n in np.unique(np.linspace(0, len(rows) - 1, SAMPLE).astype(int)):
                    self._instruction_of(number, rows[n], 0)

    def __repr__(self) -> str:
        shares = ", ".join(f"{s.name} {float(s.share):.4g}" for s in self.manifest.sources)
        return f"Mix({str(self.path)!r}, {shares}, {self.length} draws)"

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.__dict__.items() if name != "_lock"}
        return {**kept, "_blocks": OrderedDict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[i] for i in range(self.length))

    def __getitem__(self, i: int) -> dict[str, Any]:
        """The window of draw i. IndexError outside [0, len)."""
        if not 0 <= index(i) < self.length:
            raise IndexError(f"draw {i} of a mix of {self.length}; Mix(path, draws=N) is longer")
        return self.window(i)

    def draw(self, i: int) -> Draw:
        """Which step of which episode comes at i >= 0; the sequence has no end."""
        block, at = self._block(index(i) // BLOCK), index(i) % BLOCK
        return Draw(
            source=self.manifest.sources[block.source[at]].name,
            episode=int(block.episode[at]),
            step=int(block.step[at]),
            epoch=int(block.epoch[at]),
        )

    def window(self, i: int) -> dict[str, Any]:
        """As mix[i], for any i >= 0."""
        out = self.blank(1)
        (facts,) = self.fill(out, [0], [i])
        return {**{name: value[0] for name, value in out.items()}, **facts}

    def blank(self, count: int) -> dict[str, AnyArray]:
        """Room for the arrays of `count` windows, (count, ...), for `fill`."""
        return blank(self.manifest.keys, self.manifest.view, count)

    def fill(
        self, out: Mapping[str, AnyArray], places: Sequence[int], indices: Sequence[int]
    ) -> list[dict[str, Any]]:
        """Write the arrays of some draws to rows `places` of `out`, and return what else each
        sample has.

        Several threads may fill the same arrays, each its own rows.
        """
        facts: list[dict[str, Any]] = []
        of_source: dict[int, list[tuple[int, Row, int, Scales]]] = {}
        blocks = {number: self._block(number) for number in {index(i) // BLOCK for i in indices}}
        for place, i in zip(places, indices, strict=True):
            block, at = blocks[i // BLOCK], i % BLOCK
            number, episode = int(block.source[at]), int(block.episode[at])
            step = int(block.step[at])
            source, row = self.manifest.sources[number], self._rows[number][episode]
            scales = self._scale(source.name, row.robot)
            of_source.setdefault(number, []).append((place, row, step, scales))
            facts.append(
                {
                    "source": source.name,
                    "domain": row.domain,
                    "robot": row.robot,
                    "task": row.task,
                    "instruction": row.instruction,
                    "episode": episode,
                    "step": step,
                    "epoch": int(block.epoch[at]),
                    **(self._windows[number].texts(row) if self._texts else {}),
                    **(self._instruction_of(number, row, i) if self._instructions else {}),
                }
            )
        for number, asked in of_source.items():
            self._windows[number].fill(out, *zip(*asked, strict=True))
        return facts

    def _instruction_of(self, number: int, row: Row, draw: int) -> dict[str, str]:
        """The instruction of a draw, where another may be wanted than that of the commit record."""
        assert self._instructions is not None
        there = self._windows[number].language(row)
        found = self._instructions.choose(there, draw, row.instruction)
        if found is None:
            wanted, has = self._instructions.languages, sorted(there)
            raise UserError(
                f"episode {row.index} of source {self.manifest.sources[number].name!r} has no "
                f"instruction in {' or '.join(wanted)}, but in: {', '.join(has) or 'none'}; filter "
                f"that source by {{language: {wanted[0]}}}, or give Mix several in their order: "
                f"{(*wanted, *has)}"
            )
        return {"language": found[0], "instruction": found[1]}

    def normalize(self, key: str, values: Any, *, source: str = "", robot: str = "") -> Singles:
        """Numbers (..., D) of a key, such as a robot's readings, as a sample has them.

        source, robot: whose statistics, where the mix keeps them apart by one or the other. Raises
        UserError where that is not given, and for what the mix does not have.
        """
        plain = np.asarray(values, np.float32)
        scale = self._scale_of(key, plain, source, robot)
        return plain if scale is None else np.asarray((plain - scale[0]) / scale[1], np.float32)

    def denormalize(self, key: str, values: Any, *, source: str = "", robot: str = "") -> AnyArray:
        """Numbers (..., D) of a key, such as a policy's actions, in their own units again.

        The inverse of `normalize`; a number that never varies in the data was centred only.
        """
        plain = np.asarray(values)
        scale = self._scale_of(key, plain, source, robot)
        return plain if scale is None else plain * scale[1] + scale[0]

    def _scale_of(
        self, key: str, values: AnyArray, source: str, robot: str
    ) -> tuple[AnyArray, AnyArray] | None:
        return normalize.scale_of(self.manifest, self._robots, key, values.shape, source, robot)

    def _scale(self, source: str, robot: str) -> Scales:
        if (source, robot) not in self._scales:
            self._scales[source, robot] = normalize.scales(
                self.manifest.statistics, self.manifest.view.normalize, source, robot
            )
        return self._scales[source, robot]

    def _block(self, number: int) -> _ResolvedBlock:
        if number < 0:
            raise IndexError("draws are counted from 0")
        with self._lock:
            if number not in self._blocks:
                self._blocks[number] = self._counted_out(number)
                while len(self._blocks) > _BLOCKS:
                    self._blocks.popitem(last=False)
            return self._blocks[number]

    def _counted_out(self, number: int) -> _ResolvedBlock:
        drawn = self._draws.block(number)
        episode, step = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
        for s, items in enumerate(self._items):
            here = np.flatnonzero(drawn.source == s)
            episode[here], step[here] = items.locate(drawn.item[here], drawn.epoch[here])
        return _ResolvedBlock(drawn.source, episode, step, drawn.epoch)


def audit(path: str | Path, draws: int) -> Audit:
    """Count what the first `draws` draws of a mix deliver. Raises UserError."""
    if draws < 1:
        raise UserError(f"draws={draws}: there is nothing to count; try draws=100000")
    mix = Mix(path)
    counted = Audit.of(mix.manifest)
    for number in range(-(-draws // BLOCK)):
        block = mix._block(number)
        counted.add(block.source, block.episode, block.step, min(BLOCK, draws - number * BLOCK))
    return counted


def drawn_from(path: Path) -> Iterator[tuple[Source, Library]]:
    """The sources of the mix at `path`, each with its library. Raises UserError as `Mix`."""
    for source in manifest.read(path).sources:
        yield source, _library(source, path)


def _library(source: Source, path: Path) -> Library:
    """The library of a source, as it was when the mix was made."""
    folder = manifest.library_path(source, path)
    try:
        library = Library(folder)
    except UserError as error:
        raise UserError(f"source {source.name!r} of {path}: {error}") from error
    there = library.fingerprint()
    if there != source.fingerprint:
        raise UserError(
            f"source {source.name!r} of {path}: {folder} has changed since the mix was made "
            f"(fingerprint {there[:12]}, not {source.fingerprint[:12]}); make the mix again"
        )
    try:
        for n in source.chosen:
            library.row(n)
    except KeyError as error:
        raise UserError(f"{path} is damaged: {error.args[0]}; make it again") from error
    return library
