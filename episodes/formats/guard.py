"""Reading files of others: sizes are capped, and no path leaves the source folder."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats.extra import need
from episodes.storage import safe
from episodes.storage.descriptors import opening
from episodes.storage.folder import sha256_of

MAX_RECORD_BYTES = 2 << 30
MAX_PIXELS = 64 << 20  # one image
MAX_NPZ_BYTES = 256 << 20  # unpacked
MAX_EPISODE_BYTES = 16 << 30  # decoded frames of one camera and episode
MAX_STEPS = 1 << 22  # rows of one episode: 29 hours at 40 Hz

IMAGE_FORMATS = ("JPEG", "PNG")  # what pillow may decode: no other codec is reached
PNG = b"\x89PNG\r\n\x1a\n"
GREY = 0  # PNG's colour type


def read_json(path: Path) -> dict[str, Any]:
    """A file that holds one JSON object."""
    try:
        return _object(safe.read_json(path), path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """A .jsonl file: one object a line, empty lines skipped."""
    try:
        if path.stat().st_size > safe.MAX_JSON_BYTES:
            raise UserError(f"{path} is over {safe.MAX_JSON_BYTES >> 20} MB")
        with opening(path):
            lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    return [
        _object(safe.parse_json(line, f"{path}, line {number}"), f"{path}, line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _object(value: Any, place: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{place}: a JSON object is expected, not {type(value).__name__}")
    return value


def inside(root: Path, relative: str) -> Path:
    """root / relative, where `relative` was read from a file: it may not lead out of root.

    Links on the way are the reader's own (a Hugging Face cache is made of them) and are followed.
    """
    parts = PurePosixPath(relative).parts
    if not parts or relative.startswith("/") or ".." in parts or "\\" in relative:
        raise UserError(f"{root}: the data set names {relative[:80]!r}, outside its own folder")
    if "\0" in relative:
        raise UserError(f"{root}: the data set names a file with a zero byte")
    return root.joinpath(*parts)


def decode_image(data: bytes, place: object, tiff: bool = False) -> AnyArray:
    """A JPEG or PNG as what it is: (H, W, 3) or, with alpha, (H, W, 4); (H, W) of grey; u1, or u2
    where a PNG has 16 bits. Palettes become colours.

    tiff: a TIFF is read too, of floats as (H, W) f4.
    """
    image_of = need("PIL.Image", f"{place}: a picture").open
    try:
        known = (*IMAGE_FORMATS, "TIFF") if tiff else IMAGE_FORMATS
        with image_of(io.BytesIO(data), formats=known) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UserError(f"{place}: an image of {image.width}x{image.height} pixels")
            if data.startswith(PNG) and data[24] == 16 and data[25] != GREY:
                return _deep(data, place)
            if image.mode in ("I;16", "I;16B", "I"):
                return np.asarray(image).astype(np.uint16)
            if image.mode == "F":
                return np.asarray(image).copy()
            if image.mode in ("L", "1"):
                return np.asarray(image.convert("L")).copy()
            clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
            return np.asarray(image.convert("RGBA" if clear else "RGB")).copy()
    except UserError:
        raise
    except Exception as error:  # pillow raises many kinds for damaged images
        reason = str(error).replace("\n", " ")[:120]
        raise UserError(f"{place}: the image cannot be decoded ({reason})") from None


def _deep(data: bytes, place: object) -> AnyArray:
    """(H, W, 3) or (H, W, 4) u2 of a PNG of 16 bits a colour, which pillow cuts to 8."""
    av = need("av", f"{place}: a picture of 16 bits a colour")
    (frame,) = av.CodecContext.create("png", "r").decode(av.Packet(data))
    return np.asarray(frame.to_ndarray()).astype(np.uint16)


def plain_picture(data: bytes, place: object, tiff: bool = False) -> AnyArray:
    """As `decode_image`, for readers that keep 8 bits a colour and no alpha. UserError: that would
    lose something."""
    picture = decode_image(data, place, tiff)
    if picture.ndim < 3:
        return picture
    if picture.dtype != np.uint8:
        raise UserError(f"{place}: 16 bits a colour would be cut to 8; save it with 8 bits")
    if picture.shape[2] == 4 and not (picture[..., 3] == 255).all():
        raise UserError(f"{place}: its alpha channel would be lost; save it without one")
    return np.ascontiguousarray(picture[..., :3])


def read_npz(data: bytes, place: object) -> dict[str, AnyArray]:
    """The arrays of an .npz file."""
    out: dict[str, AnyArray] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_NPZ_BYTES:
                raise UserError(f"{place}: arrays of over {MAX_NPZ_BYTES >> 20} MB")
            for info in archive.infolist():
                out[info.filename.removesuffix(".npy")] = npy(archive.read(info))
    except UserError:
        raise
    except Exception as error:  # damaged archives and headers raise many kinds
        reason = str(error).replace("\n", " ")[:120]
        raise UserError(f"{place}: its arrays cannot be read ({reason})") from None
    return out


def npy(data: bytes) -> AnyArray:
    """The array of an .npy file. ValueError: none, or of another size than its header tells, which
    `np.load` believes."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
    except Exception as error:  # numpy's parsers raise many kinds
        raise ValueError(str(error)) from None
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or size != len(data) - stream.tell():
        raise ValueError(f"a header of {dtype} {shape} before {len(data) - stream.tell()} bytes")
    values = np.frombuffer(data, dtype, math.prod(shape), stream.tell())
    return values.reshape(shape, order="F" if fortran else "C")


def check_frames(count: int, frame: AnyArray, place: object) -> None:
    """Refuse an episode whose decoded frames would fill the memory."""
    if count * frame.nbytes > MAX_EPISODE_BYTES:
        raise UserError(
            f"{place}: {count} frames of {frame.shape} are {count * frame.nbytes >> 30} GiB; "
            f"at most {MAX_EPISODE_BYTES >> 30} GiB of one camera and episode are read"
        )


def check_rows(count: int, array: Any, place: object) -> None:
    """Refuse rows (count, ...) of an array that would fill the memory."""
    size = count * math.prod(array.shape[1:]) * array.dtype.itemsize
    if size > MAX_EPISODE_BYTES:
        raise UserError(
            f"{place}: {count} rows are {size >> 30} GiB; at most {MAX_EPISODE_BYTES >> 30} GiB of "
            "one array and episode are read"
        )


def hash_files(root: Path, files: Iterable[Path]) -> dict[str, str]:
    """Relative name -> sha256 of each file, in name order."""
    out: dict[str, str] = {}
    for path in sorted(files):
        with opening(path), open(path, "rb") as stream:
            digest = sha256_of(stream)
        out[path.relative_to(root).as_posix()] = digest
    return out
