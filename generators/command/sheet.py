"""Pictures of a library for people: a contact sheet, and colours for depth and segmentation."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from episodes.episode import CameraTrack, Episode
from episodes.shown import shown

Picture = NDArray[np.uint8]  # (H, W, 3)

TILE = 176  # [px] height of a tile
GAP, MARGIN, CAPTION = 4, 20, 50  # [px]
PAPER, INK, FAINT = (250, 250, 248), (28, 30, 34), (120, 124, 130)
GOOD, BAD, OPEN = (24, 128, 66), (190, 44, 38), (120, 124, 130)
KEY_FRAMES = 5
# far to near, dark to light, so that it also reads in grey
DEPTH_STOPS = np.array(
    [[18, 14, 54], [52, 62, 140], [38, 130, 142], [102, 194, 120], [250, 232, 120]], float
)
FONT_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts",
    "/System/Library/Fonts", "/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
LATIN = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf")
HANGUL = ("NotoSansCJK", "NotoSansKR", "Nanum", "UnDotum", "AppleSDGothicNeo", "malgun", "Baekmuk")


@dataclass(frozen=True)
class Strip:
    """One row of the sheet: tiles with a word on each, and two lines above them."""

    title: str
    verdict: str
    colour: tuple[int, int, int]
    lines: tuple[str, ...]
    tiles: tuple[tuple[str, Picture], ...]


def contact_sheet(strips: Sequence[Strip]) -> Image.Image:
    """One row a strip, under one another."""
    widths = [sum(tile.shape[1] + GAP for _, tile in s.tiles) - GAP for s in strips]
    row = CAPTION + TILE + MARGIN
    sheet = Image.new("RGB", (max(widths) + 2 * MARGIN, row * len(strips) + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, one in enumerate(strips):
        _draw(sheet, pen, one, MARGIN + i * row)
    return sheet


def strip(episode: Episode, languages: Sequence[str] = ("en", "ko")) -> Strip:
    """The row of an episode that has pixels: key frames of the main camera, what the others see
    in the middle, depth and segmentation."""
    main = main_camera(episode)
    assert main is not None
    track = episode.cameras[main]
    assert track.rgb is not None
    steps = np.linspace(0, len(track.rgb) - 1, KEY_FRAMES).round().astype(int)
    tiles = [(f"{main} {t / episode.control_hz:.1f} s", scaled(track.rgb[t], TILE)) for t in steps]
    # where the work is at its thickest, seen by everything else
    middle = int(steps[KEY_FRAMES // 2])
    for name, other in episode.cameras.items():
        if name != main and other.rgb is not None:
            tiles.append((name, scaled(other.rgb[min(middle, len(other.rgb) - 1)], TILE)))
    if track.depth is not None:
        tiles.append((f"{main} depth", scaled(depth_colours(track.depth[middle]), TILE)))
    if track.segmentation is not None:
        colours = segment_colours(track.segmentation[middle])
        tiles.append((f"{main} segmentation", scaled(colours, TILE, blend=False)))
    verdict, colour = outcome(episode)
    said = [episode.language[lang][0] for lang in languages if episode.language.get(lang)]
    return Strip(
        title=shown(f"{episode.task} #{episode.index}, {episode.seconds:.1f} s"),
        verdict=shown(verdict),
        colour=colour,
        lines=tuple(map(shown, said or [episode.instruction])),
        tiles=tuple(tiles),
    )


def outcome(episode: Episode) -> tuple[str, tuple[int, int, int]]:
    """How it ended, in words and as a colour."""
    if episode.success is None:
        return "outcome not told", OPEN
    return ("success", GOOD) if episode.success else (f"failed: {episode.failure}", BAD)


def main_camera(episode: Episode) -> str | None:
    """The first camera that stands still, or else the first with pictures; None without any."""
    seen = {n: c for n, c in episode.cameras.items() if c.rgb is not None and len(c.rgb)}
    still = [n for n, c in seen.items() if _is_fixed(c)]
    return next(iter([*still, *seen]), None)


def depth_colours(depth: NDArray[np.uint16]) -> Picture:
    """(H, W, 3) from depth (H, W): near is light, far is dark, no return is black."""
    seen = depth > 0
    if not seen.any():
        return np.zeros((*depth.shape, 3), np.uint8)
    near, far = np.percentile(depth[seen], (2, 98))
    part = np.clip((far - depth) / max(far - near, 1.0), 0.0, 1.0)
    at = np.linspace(0.0, 1.0, len(DEPTH_STOPS))
    picture = np.stack([np.interp(part, at, DEPTH_STOPS[:, c]) for c in range(3)], axis=-1)
    picture[~seen] = 0.0
    return picture.astype(np.uint8)


def segment_colours(ids: NDArray[np.uint16]) -> Picture:
    """(H, W, 3) from ids (H, W): the same id has the same colour in every picture."""
    return np.asarray(_palette()[ids.astype(int) % len(_palette())])


def scaled(picture: Picture, height: int, *, blend: bool = True) -> Picture:
    """The picture at that height; colours that are names must not blend."""
    image = Image.fromarray(picture)
    width = max(1, round(image.width * height / image.height))
    way = Image.Resampling.LANCZOS if blend else Image.Resampling.NEAREST
    return np.asarray(image.resize((width, height), way))


@cache
def font(size: int, hangul: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont | None:
    """A font of this machine; for Hangul None where there is none. None is shipped with us."""
    for path in _font_files(HANGUL if hangul else LATIN):
        try:
            found = ImageFont.truetype(path, size)
        except OSError:
            continue
        if not hangul or _has_hangul(found):
            return found
    return None if hangul else ImageFont.load_default(size)


def _draw(sheet: Image.Image, pen: ImageDraw.ImageDraw, one: Strip, top: int) -> None:
    plain = font(15)
    assert plain is not None
    pen.text((MARGIN, top), one.title, INK, plain)
    at = MARGIN + pen.textlength(one.title, plain) + 14
    pen.text((at, top), one.verdict, one.colour, plain)
    x = float(MARGIN)
    for line in one.lines:
        face = _face(line)
        if face is not None:
            pen.text((x, top + 23), line, INK if x == MARGIN else FAINT, face)
            x += pen.textlength(line, face) + 24
    left = MARGIN
    for word, tile in one.tiles:
        sheet.paste(Image.fromarray(tile), (left, top + CAPTION))
        _label(pen, word, left, top + CAPTION)
        left += tile.shape[1] + GAP


def _label(pen: ImageDraw.ImageDraw, word: str, left: int, top: int) -> None:
    small = font(11)
    assert small is not None
    box = pen.textbbox((left + 5, top + 4), word, small)
    pen.rectangle((left, top, box[2] + 5, box[3] + 4), fill=(20, 22, 26))
    pen.text((left + 5, top + 4), word, (236, 238, 240), small)


def _face(line: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont | None:
    """A font that can show the line; None where this machine has none."""
    return font(15, hangul=any("\uac00" <= c <= "\ud7a3" for c in line))


def _font_files(names: Sequence[str]) -> Iterator[str]:
    for folder in FONT_FOLDERS:
        root = Path(folder).expanduser()
        if root.is_dir():
            files = sorted(
                p for p in root.rglob("*") if p.suffix.lower() in (".ttf", ".ttc", ".otf")
            )
            for name in names:
                yield from (str(p) for p in files if p.name.startswith(name))


def _has_hangul(face: ImageFont.FreeTypeFont) -> bool:
    """A glyph of its own, not the box that stands for a missing one."""
    return bytes(face.getmask("한")) != bytes(face.getmask("\U0010fffe"))


def _is_fixed(track: CameraTrack) -> bool:
    return track.camera_to_world is not None and len(track.camera_to_world) == 1


@cache
def _palette() -> Picture:
    """(256, 3): neighbours in number differ in hue by the golden angle; 0 is the background."""
    colours = [(0.12, 0.12, 0.13)]
    for i in range(1, 256):
        saturation, value = 0.45 + 0.3 * (i % 3 == 1), 0.95 - 0.2 * (i % 2)
        colours.append(colorsys.hsv_to_rgb(i * 0.381966 % 1.0, saturation, value))
    return (255 * np.array(colours)).astype(np.uint8)
