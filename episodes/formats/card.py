"""The card of an export: a README that says what it is, and two pictures of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from episodes.episode import Episode
from episodes.finding import spans
from episodes.formats.croissant import outcome
from episodes.formats.extra import need
from episodes.formats.readback import NO_READER, Loss
from episodes.shown import markdown, shown
from episodes.storage.safe import plain
from episodes.storage.selection import LibraryPart, Selection

if TYPE_CHECKING:
    from PIL import Image

CARD = "the card of an export"
LENGTHS, FRAMES, RECIPE = "lengths.png", "frames.png", "made_from.json"
BARS = 24
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}")  # as the hub names them
MOST_NAMED = 5  # outcomes, and instructions
SHOWN = 4  # episodes whose frames are shown, and frames of each
TILE = 160  # px
INK, PAPER, GREY = (40, 70, 110), (255, 255, 255), (120, 120, 120)


def licences(chosen: Selection) -> list[str]:
    """The licences of the episodes, as they carry them."""
    found = {str(plain(chosen.group(row.index).attrs.get("licence", ""))) for row in chosen}
    return sorted(licence or "unknown" for licence in found)


def describe(chosen: Selection) -> str:
    """One line, for metadata."""
    summary = chosen.summary()
    return (
        f"{summary.episodes} robot episodes ({summary.steps} steps, {summary.hours:.2f} hours) of "
        f"{', '.join(summary.tasks)} with {', '.join(summary.robots)}; "
        f"domain {', '.join(summary.domains)}."
    )


def write(
    chosen: Selection,
    out: Path,
    name: str,
    format: str,
    found: Sequence[str],
    losses: Sequence[Loss] | None,
) -> None:
    """Write out/README.md, its pictures, and beside it what it was made from.

    found: the licences; losses: of reading it back, None where that could not be.
    """
    first = chosen.read(chosen.rows[0].index)
    _lengths(chosen).save(out / LENGTHS)
    pictures = _frames(chosen)
    if pictures is not None:
        pictures.save(out / FRAMES)
    parts = [
        _front_matter(chosen, name, format, found),
        f"# {markdown(name)}\n\n{markdown(describe(chosen))}",
        _counts(chosen, found),
        f"![steps of the episodes]({LENGTHS})",
        f"![frames]({FRAMES})" if pictures is not None else "",
        _contents(first),
        _fidelity(losses),
        _origin(chosen),
    ]
    (out / RECIPE).write_text(_recipe(chosen, first), encoding="utf-8")
    text = "\n\n".join(part for part in parts if part) + "\n"
    (out / "README.md").write_text(text, encoding="utf-8")


def _front_matter(chosen: Selection, name: str, format: str, found: Sequence[str]) -> str:
    """What the Hugging Face hub reads; licence names there are in small letters."""
    steps = chosen.summary().steps
    size = next((text for least, text in SIZES if steps < least), "n>1B")
    licence = found[0].lower() if len(found) == 1 else ""
    known = licence != "unknown" and _LICENCE.fullmatch(licence)
    # a text in quotes is the same in YAML and JSON
    lines = ["---", f"pretty_name: {json.dumps(shown(name), ensure_ascii=False)}"]
    lines += [f"license: {licence if known else 'other'}"]
    lines += ["task_categories: [robotics]", f"size_categories: [{size}]"]
    tags = ["robotics", "cellwright", *(["LeRobot"] if format == "lerobot" else [])]
    lines += [f"tags: [{', '.join(tags)}]"]
    if format == "lerobot":
        lines += ["configs:", "- config_name: default", "  data_files: data/*/*.parquet"]
    return "\n".join([*lines, "---"])


SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def _counts(chosen: Selection, found: Sequence[str]) -> str:
    """Split, outcomes, licences, instructions; `describe` says how much there is."""
    ends = Counter(outcome(row) for row in chosen.rows).most_common(MOST_NAMED)
    said = Counter(row.instruction for row in chosen.rows).most_common(MOST_NAMED)
    rate = chosen.summary().success_rate
    valid = len(chosen.valid)
    lines = [
        f"- split: {len(chosen) - valid} to train with, {valid} to validate with",
        f"- success: {'not told' if rate is None else f'{rate:.1%}'}",
        f"- outcomes, most frequent: {', '.join(f'{markdown(text)} ({n})' for text, n in ends)}",
        f"- licence: {', '.join(map(markdown, found))}",
        "- instructions, most frequent:",
        *(f"  - {markdown(text)} ({count})" for text, count in said),
    ]
    return "\n".join(lines)


def _contents(episode: Episode) -> str:
    """The arrays of the first episode, and what they are; a row for each camera."""
    rows = [f"| actions | {episode.actions.shape[1:]} | {episode.actions.dtype} |"]
    rows += [
        f"| action/{markdown(k)} | {v.shape[1:]} | {v.dtype} |" for k, v in episode.action.items()
    ]
    rows += [f"| obs/{markdown(k)} | {v.shape[1:]} | {v.dtype} |" for k, v in episode.obs.items()]
    for name, track in episode.cameras.items():
        channels = {
            "image": track.rgb,
            f"depth in {track.unit_m:g} m": track.depth,
            "segmentation": track.segmentation,
        }
        there = {kind: frames for kind, frames in channels.items() if frames is not None}
        sizes = {str(frames.shape[1:3]) for frames in there.values()}
        if there:
            kinds = ", ".join(f"{kind} ({f.dtype})" for kind, f in there.items())
            rows.append(f"| obs/{markdown(name)}\\_* | {', '.join(sorted(sizes))} | {kinds} |")
    head = f"## A step, at {episode.control_hz:g} Hz\n\n| | shape | type |\n|---|---|---|"
    return "\n".join([head, *rows])


def _fidelity(losses: Sequence[Loss] | None) -> str:
    """What the pictures lost; those that lost nothing in one line."""
    if losses is None:
        return f"## Not read back\n\n{NO_READER.capitalize()}."
    lossy = [loss for loss in losses if loss.worst]
    what = "number" if lossy or not losses else "number and picture"
    head = (
        f"The first episode was read back: every {what} is the same{'.' if not lossy else ', and'}"
    )
    return "\n".join(["## Read back", "", head, *(f"- {markdown(loss)}" for loss in lossy)])


def _origin(chosen: Selection) -> str:
    infos = [part.library.info for part in chosen.parts]
    faults = sum(len(info.get("findings", [])) for info in infos)
    made = dict.fromkeys("imported" if "import" in info else "generated" for info in infos)
    lines = []
    if len(chosen.parts) > 1:
        held = ", ".join(f"{part.name} ({len(part.rows)})" for part in chosen.parts)
        lines += [f"Of several libraries, by number of episodes: {markdown(held)}."]
    lines += [f"It was {' and '.join(made)}."]
    if faults:
        lines += [f"At its import, {faults} faults of the source were told."]
    lines += [f"[{RECIPE}]({RECIPE}) has the config, the versions and the lineage."]
    return "\n".join(["## How it was made", "", " ".join(lines)])


def _recipe(chosen: Selection, episode: Episode) -> str:
    """JSON: what the library was made from, spec_id first; of several, a list of them."""
    parts = [_summary(part) for part in chosen.parts]
    out: dict[str, Any] = parts[0] if len(parts) == 1 else {"libraries": parts}
    if episode.lineage:
        out["lineage of the first episode"] = dict(episode.lineage)
    return json.dumps(out, indent=1, ensure_ascii=False) + "\n"


def _summary(part: LibraryPart) -> dict[str, Any]:
    info = part.library.info
    keys = ("spec_id", "versions", "config", "import", "findings")
    out: dict[str, Any] = {key: info[key] for key in keys if info.get(key)}
    if len(part.rows) < len(part.library):
        out["episodes"] = spans([row.index for row in part.rows], most=len(part.rows))
    return {**out, "library": part.name}


def _lengths(chosen: Selection) -> Image.Image:
    """A histogram of the episodes' steps."""
    counts, edges = np.histogram([row.steps for row in chosen.rows], bins=BARS)
    width, height, foot = 480, 160, 20
    image: Image.Image = need("PIL.Image", CARD).new("RGB", (width, height + foot), PAPER)
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


def _frames(chosen: Selection) -> Image.Image | None:
    """A few frames of a few episodes, one row each, of the first camera that has colour."""
    places = np.unique(np.linspace(0, len(chosen) - 1, min(SHOWN, len(chosen))).astype(int))
    rows = []
    for place in places:
        episode = chosen.read(chosen.rows[place].index)
        colours = [track.rgb for track in episode.cameras.values() if track.rgb is not None]
        if not colours:
            return None
        steps = np.linspace(0, len(colours[0]) - 1, SHOWN).astype(int)
        rows.append([need("PIL.Image", CARD).fromarray(colours[0][step]) for step in steps])
    height = max(1, TILE * rows[0][0].height // rows[0][0].width)
    size = (SHOWN * TILE, len(rows) * height)
    sheet: Image.Image = need("PIL.Image", CARD).new("RGB", size, PAPER)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet.paste(picture.resize((TILE, height)), (x * TILE, y * height))
    return sheet
