"""A mix for PyTorch, which has to be installed by who trains with it.

from episodes.torch import loader
for batch in loader(Mix("runs/mix.json"), batch_size=64, workers=4):
    loss = policy(batch["obs/main_image"], batch["actions"])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.mix.loader import Batch, batch_of
from episodes.mix.mix import Mix
from episodes.mix.passes import Passes


class MixDataset:
    """A map-style dataset of any draw of a mix by its index; indices beyond `len` go on."""

    def __init__(self, mix: Mix) -> None:
        self.mix = mix

    def __len__(self) -> int:
        return len(self.mix)

    def __getitem__(self, i: int) -> dict[str, Any]:
        return self.mix.window(i)

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Of a whole batch at once, which a DataLoader asks for where there is such a method."""
        return batch_of(self.mix, indices)


def tensors(batch: Batch) -> dict[str, Any]:
    """A batch of tensors (B, ...); pictures stay uint8 (B, history, H, W, C); text is a list.

    16-bit depth and ids become int32, for few operations of torch take uint16.
    """
    torch = _torch()
    return {
        name: torch.from_numpy(_signed(value)) if isinstance(value, np.ndarray) else value
        for name, value in batch.items()
    }


def loader(
    mix: Mix,
    batch_size: int,
    *,
    workers: int = 0,
    start: int = 0,
    stop: int | None = None,
    rank: int = 0,
    world: int = 1,
    **options: Any,
) -> Any:
    """A torch DataLoader over the draws of one rank, which goes on as `Loader` does, with any
    workers, persistent or not: it has `position`, `epoch` and `set_epoch`, too.

    options: more of DataLoader's own, such as pin_memory. Where a framework makes a DataLoader of
    its own from the batch sampler, that goes on from pass to pass as well.
    """
    passes = Passes(batch_size, start, len(mix) if stop is None else stop, rank, world)
    return _data_loader(_torch())(
        MixDataset(mix), batch_sampler=passes, num_workers=workers, collate_fn=tensors, **options
    )


@cache
def _data_loader(torch: ModuleType) -> Any:
    class DataLoader(torch.utils.data.DataLoader):  # type: ignore[name-defined,misc]
        """Knows how far its user has come: workers run ahead of that."""

        batch_sampler: Passes

        @property
        def position(self) -> int:
            return self.batch_sampler.position

        @property
        def epoch(self) -> int:
            return self.batch_sampler.epoch

        def set_epoch(self, epoch: int) -> None:
            self.batch_sampler.set_epoch(epoch)

        def __iter__(self) -> Iterator[Any]:
            turn = self.batch_sampler.turn()
            for done, batch in enumerate(super().__iter__(), 1):
                self.batch_sampler.position = turn.position(done)
                yield batch

    return DataLoader


def _signed(value: AnyArray) -> AnyArray:
    return value.astype(np.int32) if value.dtype == np.uint16 else value


def _torch() -> ModuleType:
    try:
        import torch  # type: ignore[import-not-found]
    except ImportError as error:
        raise UserError("this needs PyTorch: pip install torch") from error
    module: ModuleType = torch
    return module
