"""The card of an export: a README that says what it is, and two pictures of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from episodes.episode import Episode
from episodes.formats.croissant import outcome
from episodes.formats.extra import need
from episodes.formats.readback import Loss
from episodes.storage.library import Library
from episodes.storage.safe import plain

if TYPE_CHECKING:
    from PIL import Image

CARD = "the card of an export"
LENGTHS, FRAMES = "lengths.png", "frames.png"
BARS = 24
SHOWN = 4  # episodes whose frames are shown, and frames of each
TILE = 160  # px
INK, PAPER, GREY = (40, 70, 110), (255, 255, 255), (120, 120, 120)


def licences(library: Library) -> list[str]:
    """The licences of the episodes, as they carry them."""
    found = {str(plain(library.group(row.index).attrs.get("licence", ""))) for row in library}
    return sorted(licence or "unknown" for licence in found)


def describe(library: Library) -> str:
    """One line, for metadata."""
    summary = library.summary()
    return (
        f"{summary.episodes} robot episodes ({summary.steps} steps, {summary.hours:.2f} hours) of "
        f"{', '.join(summary.tasks)} with {', '.join(summary.robots)}; "
        f"domain {', '.join(summary.domains)}."
    )


def write(
    library: Library,
    out: Path,
    name: str,
    format: str,
    found: Sequence[str],
    losses: Sequence[Loss],
) -> None:
    """Write out/README.md and its pictures. found: the licences; losses: of reading it back."""
    first = library.read(library.rows[0].index)
    _lengths(library).save(out / LENGTHS)
    pictures = _frames(library)
    if pictures is not None:
        pictures.save(out / FRAMES)
    parts = [
        _front_matter(library, name, format, found),
        f"# {name}\n\n{describe(library)}",
        _counts(library, found),
        f"![steps of the episodes]({LENGTHS})",
        f"![frames]({FRAMES})" if pictures is not None else "",
        _contents(first),
        _fidelity(losses),
        _origin(library, first),
    ]
    (out / "README.md").write_text("\n\n".join(part for part in parts if part) + "\n")


def _front_matter(library: Library, name: str, format: str, found: Sequence[str]) -> str:
    """What the Hugging Face hub reads; licence names there are in small letters."""
    steps = library.summary().steps
    size = next((text for least, text in SIZES if steps < least), "n>1B")
    lines = ["---", f"pretty_name: {name}"]
    lines += [
        f"license: {found[0].lower() if len(found) == 1 and found[0] != 'unknown' else 'other'}"
    ]
    lines += ["task_categories: [robotics]", f"size_categories: [{size}]"]
    tags = ["robotics", "cellwright", *(["LeRobot"] if format == "lerobot" else [])]
    lines += [f"tags: [{', '.join(tags)}]"]
    if format == "lerobot":
        lines += ["configs:", "- config_name: default", "  data_files: data/*/*.parquet"]
    return "\n".join([*lines, "---"])


SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def _counts(library: Library, found: Sequence[str]) -> str:
    summary = library.summary()
    rate = "not told" if summary.success_rate is None else f"{summary.success_rate:.1%}"
    rows = {
        "episodes": f"{summary.episodes}",
        "steps": f"{summary.steps}",
        "hours": f"{summary.hours:.3f}",
        "success": rate,
        "domain": ", ".join(summary.domains),
        "tasks": ", ".join(summary.tasks),
        "robots": ", ".join(summary.robots),
        "licence": ", ".join(found),
    }
    table = "\n".join(["| | |", "|---|---|", *(f"| {k} | {v} |" for k, v in rows.items())])
    ends = Counter(outcome(row) for row in library.rows)
    listed = "\n".join(f"- {text}: {count}" for text, count in ends.most_common())
    said = Counter(row.instruction for row in library.rows).most_common(10)
    words = "\n".join(f"- {_plain_text(text)} ({count})" for text, count in said)
    return f"{table}\n\n## Outcomes\n\n{listed}\n\n## Instructions, most frequent\n\n{words}"


def _contents(episode: Episode) -> str:
    """The arrays of the first episode, and what they are."""
    rows = [f"| actions | {episode.actions.shape[1:]} | {episode.actions.dtype} |"]
    rows += [f"| action/{k} | {v.shape[1:]} | {v.dtype} |" for k, v in episode.action.items()]
    rows += [f"| obs/{k} | {v.shape[1:]} | {v.dtype} |" for k, v in episode.obs.items()]
    for name, track in episode.cameras.items():
        for channel, frames in (
            ("image", track.rgb),
            ("depth", track.depth),
            ("segmentation", track.segmentation),
        ):
            if frames is not None:
                unit = f", unit {track.unit_m:g} m" if channel == "depth" else ""
                rows.append(f"| obs/{name}_{channel} | {frames.shape[1:]} | {frames.dtype}{unit} |")
    head = f"## A step, at {episode.control_hz:g} Hz\n\n| | shape | type |\n|---|---|---|"
    return "\n".join([head, *rows])


def _fidelity(losses: Sequence[Loss]) -> str:
    lines = ["## Read back", "", "The first episode was read back: every number is the same."]
    lines += [f"- {loss}" for loss in losses]
    return "\n".join(lines)


def _origin(library: Library, episode: Episode) -> str:
    told: dict[str, Any] = {
        key: library.info[key] for key in ("spec_id", "versions", "config") if library.info.get(key)
    }
    if episode.lineage:
        told["lineage of the first episode"] = dict(episode.lineage)
    text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
    faults = library.info.get("findings", [])
    kind = "It was imported." if "import" in library.info else "It was generated."
    if faults:
        kind += f" At its import, {len(faults)} faults of the source were told."
    return f"## How it was made\n\n{kind}\n\n```json\n{text}\n```"


def _plain_text(text: str) -> str:
    """An instruction as Markdown shows it: no markup of its own."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!" else c for c in text) or "(none)"


def _lengths(library: Library) -> Image.Image:
    """A histogram of the episodes' steps."""
    counts, edges = np.histogram([row.steps for row in library.rows], bins=BARS)
    width, height, foot = 480, 160, 20
    image = need("PIL.Image", CARD).new("RGB", (width, height + foot), PAPER)
    draw = need("PIL.ImageDraw", CARD).Draw(image)
    bar = width / BARS
    for number, count in enumerate(counts):
        top = height - (height - 12) * count / max(1, counts.max())
        if count:
            draw.rectangle([number * bar + 1, top, (number + 1) * bar - 1, height], fill=INK)
    draw.line([0, height, width, height], fill=GREY)
    draw.text((2, height + 4), f"{edges[0]:.0f} steps", fill=GREY)
    label = f"{edges[-1]:.0f} steps, highest bar {counts.max()} episodes"
    draw.text((width - 2, height + 4), label, fill=GREY, anchor="ra")
    return image


def _frames(library: Library) -> Image.Image | None:
    """A few frames of a few episodes, one row each, of the first camera that has colour."""
    places = np.unique(np.linspace(0, len(library) - 1, min(SHOWN, len(library))).astype(int))
    rows = []
    for place in places:
        episode = library.read(library.rows[place].index)
        colours = [track.rgb for track in episode.cameras.values() if track.rgb is not None]
        if not colours:
            return None
        steps = np.linspace(0, len(colours[0]) - 1, SHOWN).astype(int)
        rows.append([need("PIL.Image", CARD).fromarray(colours[0][step]) for step in steps])
    height = max(1, TILE * rows[0][0].height // rows[0][0].width)
    sheet = need("PIL.Image", CARD).new("RGB", (SHOWN * TILE, len(rows) * height), PAPER)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet.paste(picture.resize((TILE, height)), (x * TILE, y * height))
    return sheet
