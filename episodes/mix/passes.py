"""Which draws a training loop takes: pass after pass over a sequence that has no end."""

from __future__ import annotations

from collections.abc import Iterator

from episodes.errors import UserError


class Turn:
    """The draws of rank r of n: i = r mod n, from `start` on, in batches, up to `stop`.

    Every rank has the same number of batches and every batch is full: the last one goes on beyond
    `stop`, for the sequence of draws has no end.
    """

    def __init__(
        self, batch_size: int, start: int, stop: int, rank: int = 0, world: int = 1
    ) -> None:
        self.batch_size, self.start, self.rank, self.world = batch_size, start, rank, world
        self.batches = max(0, -(-(stop - start) // (batch_size * world)))

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[int]]:
        first = self.start + (self.rank - self.start) % self.world
        step = self.batch_size * self.world
        for n in range(self.batches):
            begin = first + n * step
            yield list(range(begin, begin + step, self.world))

    def position(self, batches: int) -> int:
        """Where all ranks are when each has done so many batches; any world may go on there."""
        return self.start + batches * self.batch_size * self.world


class Passes:
    """One rank's way through the draws: pass k takes `draws` of them from k * draws on.

    position: the draw that comes next, over all ranks; what a checkpoint has to keep. Iterating
    gives the batches of what is left of the pass that it is in, so each time the next pass, and
    never the same draws again. It is a batch sampler for torch.
    """

    def __init__(
        self, batch_size: int, start: int, stop: int, rank: int = 0, world: int = 1
    ) -> None:
        """stop: draws of a pass, over all ranks; as many more as make the last batch full."""
        if batch_size < 1 or start < 0 or stop < 1 or not 0 <= rank < world:
            raise UserError(
                f"batch_size={batch_size} start={start} stop={stop} rank={rank} world={world}: "
                "they must be at least 1, 0, 1, 0 and rank + 1"
            )
        self._batch_size, self._rank, self._world = batch_size, rank, world
        self._batches = len(Turn(batch_size, 0, stop, rank, world))
        self.draws = self._batches * batch_size * world
        self.position = start

    @property
    def epoch(self) -> int:
        """The number of the pass that `position` is in, from 0 on."""
        return self.position // self.draws

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of a pass."""
        if epoch < 0:
            raise UserError(f"epoch={epoch}: they are counted from 0")
        self.position = epoch * self.draws

    def turn(self) -> Turn:
        """What is left of the pass that `position` is in."""
        end = (self.epoch + 1) * self.draws
        return Turn(self._batch_size, self.position, end, self._rank, self._world)

    def __len__(self) -> int:
        """Batches of a whole pass."""
        return self._batches

    def __iter__(self) -> Iterator[list[int]]:
        turn = self.turn()

        def batches() -> Iterator[list[int]]:
            yield from turn
            self.position = turn.position(len(turn))

        return batches()
