"""show: what a library looks like, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.episode import Episode
from episodes.library import Library
from generators import options
from generators.libraries import HEAD, named, summary_row
from generators.table import table


def run(config: Mapping[str, Any]) -> int:
    from generators import sheet

    most = options.whole(config, "episodes", 1)
    height = options.whole(config, "video_px")
    paths = named(config)
    rows, made = [], []
    for path in paths:
        library = Library(path)
        rows.append(summary_row(library, path))
        out = options.path(config, "out") if config["out"] else path.with_name(f"{path.name}-show")
        made += _show(library, most, height, out, f"{path.name}-" if len(paths) > 1 else "")
    print(table(HEAD, rows))
    print(*made, sep="\n")
    if sheet.font(15, hangul=True) is None:
        print("no font with Hangul here, so Korean captions are left out (Debian: fonts-nanum)")
    return 0


def _show(library: Library, most: int, height: int, out: Path, prefix: str) -> list[str]:
    """Writes the pictures of one library, one episode in memory at a time: lines that say where."""
    from generators import sheet

    strips, files = [], []
    with ExitStack() as stack:
        films: dict[str, Any] = {}
        for episode in _spread(library, most):
            if sheet.main_camera(episode) is None:
                continue
            strips.append(sheet.strip(episode))
            out.mkdir(parents=True, exist_ok=True)
            if height and episode.task not in films:
                files.append(out / f"{prefix}{episode.task}.mp4")
                film = _film(files[-1], episode.control_hz)
                films[episode.task] = stack.enter_context(film)
            for frame in _frames(episode, height) if height else ():
                films[episode.task].append_data(frame)
    if not strips:
        return [f"{library.path} has no pixels: cellwright render src={library.path} out=..."]
    files.insert(0, out / f"{prefix}sheet.png")
    sheet.contact_sheet(strips).save(files[0])
    return [str(file) for file in files]


def _spread(library: Library, most: int) -> Iterator[Episode]:
    """At most that many episodes, evenly spread."""
    count = min(most, len(library.rows))
    for place in np.linspace(0, len(library.rows) - 1, count).round().astype(int):
        yield library.read(library.rows[place].index)


def _film(file: Path, hz: float) -> Any:
    import imageio.v2 as imageio

    return imageio.get_writer(file, fps=hz, codec="libx264", quality=7, macro_block_size=2)


def _frames(episode: Episode, height: int) -> Iterator[NDArray[np.uint8]]:
    """(height, W, 3): every camera, side by side; the edge below tells the outcome."""
    from generators import sheet

    main = sheet.main_camera(episode)
    seen = {n: c.rgb for n, c in episode.cameras.items() if c.rgb is not None}
    ordered = [seen[name] for name in sorted(seen, key=lambda name: name != main)]
    for t in range(min(map(len, ordered))):
        frame = np.concatenate([sheet.scaled(rgb[t], height) for rgb in ordered], axis=1)
        frame = frame[: height // 2 * 2, : frame.shape[1] // 2 * 2].copy()  # H.264 wants it even
        frame[-4:] = sheet.outcome(episode)[1]
        yield frame
