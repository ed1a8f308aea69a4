"""What a mix was asked for, what it will give, and what it gave: as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from episodes.array_types import AnyArray
from episodes.mix.manifest import TEXT, Key, Manifest, Source
from episodes.mix.quotas import BLOCK, Quotas
from episodes.shown import shown
from episodes.text_width import padded, width


def table(manifest: Manifest) -> str:
    """Source by source: weight asked, share got, episodes, steps, hours, effective repeats.

    The share is of the unit that `by` names, in a run of the planned length.
    """
    counts = _planned(manifest)
    rows = [
        (
            source.name,
            source.domain,
            source.weight,
            f"{got:.2%}",
            f"{len(source.chosen):,}",
            f"{source.steps:,}",
            f"{source.seconds / 3600:.3g}",
            f"{count / source.starts:.3g}x",
        )
        for source, got, count in zip(
            manifest.sources, _in_units(manifest, counts), counts, strict=True
        )
    ]
    head = ("source", "domain", "weight asked", "share got", "episodes", "steps", "hours",
            "effective repeats")  # fmt: skip
    keys = ", ".join(
        f"{key.name} {_size(key)}{' (masked)' if key.partial else ''}" for key in manifest.keys
    )
    lines = [
        f"by {manifest.by}, {manifest.draws:,} draws, seed {manifest.seed}",
        f"delivers: {shown(keys)}",
        *(f"note: {shown(note)}" for note in manifest.notes),
    ]
    return "\n".join([_aligned([head, *rows]), *lines])


@dataclass
class Audit:
    """Counts of draws that were really made. worst: a block's largest distance from the ratio."""

    manifest: Manifest
    counts: list[int]
    worst: list[float]
    seen: list[dict[tuple[int, int], int]] = field(repr=False)  # (episode, step) -> draws
    draws: int = 0

    @classmethod
    def of(cls, manifest: Manifest) -> Audit:
        n = len(manifest.sources)
        return cls(manifest, [0] * n, [0.0] * n, [{} for _ in range(n)])

    def add(self, source: AnyArray, episode: AnyArray, step: AnyArray, count: int) -> None:
        """Take in the first `count` draws of a block."""
        for s, asked in enumerate(self.manifest.sources):
            here = np.flatnonzero(source[:count] == s)
            self.counts[s] += len(here)
            if count == BLOCK:
                off = float(abs(len(here) - BLOCK * asked.share))
                self.worst[s] = max(self.worst[s], off)
            seen = self.seen[s]
            for at in zip(episode[here].tolist(), step[here].tolist(), strict=True):
                seen[at] = seen.get(at, 0) + 1
        self.draws += count

    @property
    def exact(self) -> bool:
        """Every whole block held the ratio to less than one draw, and so did the whole."""
        off = [
            abs(count - self.draws * source.share)
            for count, source in zip(self.counts, self.manifest.sources, strict=True)
        ]
        slack = 1 if self.draws % BLOCK == 0 else BLOCK
        return max(self.worst) < 1 and max(off) < slack

    def __str__(self) -> str:
        head = ("source", "domain", "share asked", "share got", "draws", "worst block off by",
                "episodes seen", "starts seen", "repeats least..most")  # fmt: skip
        rows = [head]
        got = _in_units(self.manifest, self.counts)
        for s, source in enumerate(self.manifest.sources):
            seen = self.seen[s]
            least = min(seen.values(), default=0) if len(seen) == source.starts else 0
            rows.append(
                (
                    source.name,
                    source.domain,
                    f"{float(source.part):.4%}",
                    f"{got[s]:.4%}",
                    f"{self.counts[s]:,}",
                    f"{self.worst[s]:.3g}",
                    f"{len({episode for episode, _ in seen}):,} of {len(source.chosen):,}",
                    f"{len(seen):,} of {source.starts:,}",
                    f"{least}..{max(seen.values(), default=0)}",
                )
            )
        verdict = "exact" if self.exact else "NOT as asked"
        counted = (
            f"{self.draws:,} draws by {self.manifest.by}, in {self.draws // BLOCK:,} whole blocks"
        )
        return f"{_aligned(rows)}\n{counted}: {verdict}"


def _size(key: Key) -> str:
    return "text" if key.dtype == TEXT else "x".join(map(str, key.shape)) or "1"


def _planned(manifest: Manifest) -> list[int]:
    """Draws of each source in the planned run; a last part of a block is counted in proportion."""
    quotas = Quotas([source.share for source in manifest.sources])
    whole, rest = divmod(manifest.draws, BLOCK)
    counts = quotas.before(whole)
    if rest:
        within = quotas.within(whole)
        counts = [n + round(rest * q / BLOCK) for n, q in zip(counts, within, strict=True)]
    return counts


def _in_units(manifest: Manifest, counts: Sequence[int]) -> list[float]:
    """Each source's part of what was delivered, in the unit of `by`."""
    amounts = [
        count * _draw_weight(manifest, source)
        for count, source in zip(counts, manifest.sources, strict=True)
    ]
    total = sum(amounts) or 1
    return [float(amount / total) for amount in amounts]


def _draw_weight(manifest: Manifest, source: Source) -> Fraction:
    """What one draw counts for: by hour, the time to the next step."""
    if manifest.by != "hour" or manifest.view.hz is not None:
        return Fraction(1)
    return Fraction(source.seconds) / source.steps


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side, numbers to the right."""
    rows = [[shown(cell) for cell in row] for row in rows]
    widths = [max(width(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            padded(cell, room, right=n >= 2)
            for n, (cell, room) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
