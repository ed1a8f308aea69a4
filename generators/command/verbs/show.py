"""show: what a library looks like, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.episode import Episode
from episodes.errors import Exit
from episodes.shown import file_name, shown
from episodes.storage.folder import Folder
from episodes.storage.library import Library
from episodes.storage.locks import alone
from generators.command.libraries import HEAD, named, summary_row
from generators.progress import Progress
from generators.text_table import table


def run(config: Mapping[str, Any]) -> Exit:
    from generators.command import sheet

    most, height = config["episodes"], config["video_px"]
    libraries = [Library(path) for path in named(config)]
    if config["out"] is None:
        places = [([one], one.path.with_name(f"{one.path.name}-show")) for one in libraries]
    else:
        places = [(libraries, config["out"])]
    made = []
    for ones, out in places:
        with alone(out):
            made += _show(ones, out, most, height)
    print(table(HEAD, [summary_row(one.path, one.path) for one in libraries]))
    print(*map(shown, made), sep="\n")
    if sheet.font(15, hangul=True) is None:
        print("no font with Hangul here, so Korean captions are left out (Debian: fonts-nanum)")
    return Exit.DONE


def _show(libraries: Sequence[Library], out: Path, most: int, height: int) -> list[str]:
    """One sheet of all libraries, then a film of each, with one episode in memory at a time: what
    was made, line by line."""
    import imageio.v3 as iio

    from generators.command import film, sheet

    folder = Folder(out)
    folder.clean()  # what killed runs left
    strips, lines, seen = [], [], []
    shown = sum(min(most, len(library.rows)) for library in libraries)
    with Progress("show", shown * (1 + bool(height))) as progress:
        for library in libraries:
            for episode in _spread(library, most):
                if sheet.main_camera(episode) is None:
                    way = f"cellwright render src={library.path} out=..."
                    lines.append(f"{library.path} has no pixels yet: {way}")
                    break
                strips.append(sheet.strip(episode))
                progress.step()
            else:
                if library.rows:
                    seen.append(library)
        if strips:
            with folder.filling("sheet.png") as file:
                iio.imwrite(file, np.asarray(sheet.contact_sheet(strips)), extension=".png")
            lines.insert(0, str(out / "sheet.png"))
            if height:
                progress.say(f"{lines[0]} is there; films follow")
        for library in seen if height else ():
            name = f"{file_name(_film_name(library, libraries))}.mp4"
            hz = library.read(library.rows[0].index, images=False).control_hz
            with folder.filling(name) as file:
                film.write(file, _frames(library, most, height, progress), hz)
            lines.append(str(out / name))
    return lines


def _film_name(library: Library, libraries: Sequence[Library]) -> str:
    """The task, or the library's own name where that would not tell it from another."""
    tasks = [row.task for one in libraries for row in one.rows[:1]]
    own = library.rows[0].task if library.rows else ""
    return own if tasks.count(own) == 1 else library.path.name


def _spread(library: Library, most: int) -> Iterator[Episode]:
    """At most that many episodes, evenly spread."""
    count = min(most, len(library.rows))
    for place in np.linspace(0, len(library.rows) - 1, count).round().astype(int):
        yield library.read(library.rows[place].index)


def _frames(
    library: Library, most: int, height: int, progress: Progress
) -> Iterator[NDArray[np.uint8]]:
    """Of its episodes, one after the other."""
    for episode in _spread(library, most):
        yield from _pictures(episode, height)
        progress.step()


def _pictures(episode: Episode, height: int) -> Iterator[NDArray[np.uint8]]:
    """(height, W, 3): every camera, side by side; the edge below tells the outcome."""
    from generators.command import sheet

    main = sheet.main_camera(episode)
    seen = {n: c.rgb for n, c in episode.cameras.items() if c.rgb is not None}
    ordered = [seen[name] for name in sorted(seen, key=lambda name: name != main)]
    for t in range(min(map(len, ordered))):
        frame = np.concatenate([sheet.scaled(rgb[t], height) for rgb in ordered], axis=1)
        frame = frame[: height // 2 * 2, : frame.shape[1] // 2 * 2].copy()  # H.264 wants it even
        frame[-4:] = sheet.outcome(episode)[1]
        yield frame
