"""A zarr store as a mapping from keys like "data/action/.zarray" to bytes: a folder or a zip."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.formats import guard
from episodes.storage import safe

META = (".zgroup", ".zarray", ".zattrs", "zarr.json")
MAX_KEYS = 50_000_000


class Store:
    """Keys may not lead out of a folder; in a zip they are looked up, nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        """UserError: a zip that is none."""
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        self._prefix = ""
        self._names: dict[str, set[str]] = {}
        if path.is_file():
            try:
                self._zip = zipfile.ZipFile(path)
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise UserError(f"{path} is no zip that can be read ({error})") from None
            self._list(self._zip)

    def _list(self, archive: zipfile.ZipFile) -> None:
        names = archive.namelist()
        if len(names) > MAX_KEYS:
            raise UserError(f"{self.path}: over {MAX_KEYS} keys")
        tops = {name.partition("/")[0] for name in names}
        if len(tops) == 1 and not any(name in META for name in names):
            self._prefix = f"{tops.pop()}/"  # a folder that was zipped with its name
        for name in names:
            parts = name.removeprefix(self._prefix).strip("/").split("/")
            for depth in range(len(parts)):
                self._names.setdefault("/".join(parts[:depth]), set()).add(parts[depth])

    def close(self) -> None:
        if self._zip is not None:
            self._zip.close()

    def size(self, key: str) -> int:
        """Bytes of a value as it is stored; 0 if there is none."""
        try:
            if self._zip is not None:
                return self._zip.getinfo(self._prefix + key).file_size
            return guard.inside(self.path, key).stat().st_size
        except (KeyError, OSError):
            return 0

    def get(self, key: str, most: int) -> bytes | None:
        """A value; None if there is none. UserError: over `most` bytes, or damaged."""
        size = self.size(key)
        if size > most:
            raise UserError(f"{self.path}: {key} has {size} bytes; at most {most} are read")
        try:
            if self._zip is not None:
                return self._zip.read(self._prefix + key)
            return guard.inside(self.path, key).read_bytes()
        except (KeyError, FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except (OSError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise UserError(f"{self.path}: {key} cannot be read ({error})") from None

    def json(self, key: str) -> dict[str, Any]:
        """The object of a small value; empty if there is none."""
        data = self.get(key, safe.MAX_JSON_BYTES)
        if data is None:
            return {}
        value = safe.parse_json(data, f"{self.path}: {key}")
        if not isinstance(value, dict):
            raise UserError(f"{self.path}: {key} is no JSON object")
        return value

    def names(self, group: str) -> Iterator[str]:
        """What is below a group, in no order."""
        if self._zip is not None:
            yield from self._names.get(group, ())
            return
        folder = guard.inside(self.path, group) if group else self.path
        for entry in folder.iterdir():
            yield entry.name
