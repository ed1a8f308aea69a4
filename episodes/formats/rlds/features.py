"""features.json: what each key of an RLDS record is, and how to decode it.

The tree is that of tensorflow_datasets' feature.proto in JSON. Records hold it flattened, keys
joined by "/", the steps of an episode concatenated along the first axis.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.rlds.example import Value

MAX_FEATURES = 4096


@dataclass(frozen=True)
class Feature:
    """One leaf. kind: "tensor", "image", "text" or "unknown" (its class name is in `dtype`).

    shape: of one step; -1 where it varies. encoding: how a tensor or image is stored.
    """

    kind: str
    dtype: str
    shape: tuple[int, ...]
    encoding: str = "none"


def read(path: Path) -> dict[str, Feature]:
    """Flat key -> feature, of features.json."""
    if not path.is_file():
        raise UserError(f"{path.parent}: no features.json; without it the records have no shapes")
    out: dict[str, Feature] = {}
    _walk(guard.read_json(path), "", out, path)
    return out


def _walk(node: Mapping[str, Any], key: str, out: dict[str, Feature], path: Path) -> None:
    if len(out) > MAX_FEATURES:
        raise UserError(f"{path}: more than {MAX_FEATURES} features")
    try:
        if "featuresDict" in node:
            for name, child in node["featuresDict"].get("features", {}).items():
                _walk(child, f"{key}/{name}" if key else name, out, path)
        elif "sequence" in node and key == "steps":
            _walk(node["sequence"]["feature"], key, out, path)
        else:
            out[key] = _leaf(node)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: feature {key!r} cannot be read ({error!r})") from None


def _leaf(node: Mapping[str, Any]) -> Feature:
    if "image" in node:
        image = node["image"]
        return Feature(
            "image", image.get("dtype", "uint8"), _shape(image), image.get("encodingFormat", "png")
        )
    if "text" in node:
        return Feature("text", "string", ())
    if "tensor" in node:
        tensor = node["tensor"]
        kind = "text" if tensor["dtype"] == "string" else "tensor"
        return Feature(kind, tensor["dtype"], _shape(tensor), tensor.get("encoding", "none"))
    if "classLabel" in node:
        return Feature("tensor", "int64", ())
    if "boundingBox" in node:
        return Feature("tensor", "float32", (4,))
    return Feature("unknown", str(node.get("pythonClassName", "?")).rpartition(".")[2], ())


def _shape(node: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(size) for size in node.get("shape", {}).get("dimensions", ()))


class UnevenRows(UserError):
    """Rows that are not all of one size, where features.json leaves it open."""


def decode(feature: Feature, value: Value, steps: int, where: object) -> AnyArray | list[str]:
    """(steps, *shape) of a tensor or image, `steps` strings of a text.

    UnevenRows: of a tensor, since its rows differ in size. UserError: it does not fit.
    """
    if feature.kind == "text":
        return [_bytes(item, where).decode("utf-8", "replace") for item in value]
    if feature.kind == "image":
        return _images(feature, value, steps, where)
    try:
        dtype = np.dtype(feature.dtype)
        if feature.encoding != "none":
            parts = [_bytes(item, where) for item in value]
            if feature.encoding == "zlib":
                parts = [_inflate(part, where) for part in parts]
            flat: AnyArray = np.frombuffer(b"".join(parts), dtype)
        else:
            flat = np.asarray(value).astype(dtype)
        if any(size < 0 for size in feature.shape):
            return flat.reshape(steps, -1)
        return flat.reshape(steps, *feature.shape)
    except (TypeError, ValueError):
        if feature.kind == "tensor" and any(size < 0 for size in feature.shape):
            raise UnevenRows(
                f"{where}: {len(value)} values in {steps} steps: their number differs from step to "
                "step"
            ) from None
        raise UserError(
            f"{where}: {len(value)} values do not make {steps} x {list(feature.shape)} "
            f"{feature.dtype}; features.json and the records disagree"
        ) from None


def _images(feature: Feature, value: Value, steps: int, where: object) -> AnyArray:
    """(T, H, W, C) u1 or u2 of colour, with or without alpha; (T, H, W) of grey, depth or floats.

    TFDS keeps the bits of a float32 picture as the four bytes of an RGBA PNG
    (tensorflow_datasets/core/features/image_feature.py).
    """
    if len(value) != steps:
        raise UserError(f"{where}: {len(value)} images for {steps} steps")
    out: AnyArray | None = None
    for step, item in enumerate(value):
        frame = guard.decode_image(_bytes(item, where), f"{where}, step {step}")
        if feature.dtype == "float32":
            if frame.ndim != 3 or frame.shape[2] != 4 or frame.dtype != np.uint8:
                raise UserError(f"{where}, step {step}: no bits of float32, but {frame.shape}")
            frame = np.ascontiguousarray(frame).view("<f4")[..., 0]
        elif feature.shape[-1:] == (3,) and frame.ndim == 2:
            frame = np.repeat(frame[..., None], 3, axis=2)
        elif feature.shape[-1:] == (3,) and (frame.shape[2] == 4 and (frame[..., 3] == 255).all()):
            frame = frame[..., :3]
        if out is None:
            guard.check_frames(steps, frame, where)
            out = np.empty((steps, *frame.shape), frame.dtype)
        if frame.shape != out.shape[1:] or frame.dtype != out.dtype:
            raise UserError(
                f"{where}, step {step}: an image of {frame.shape} among others of {out.shape[1:]}"
            )
        out[step] = frame
    declared = feature.shape[:2]
    if out is None:
        raise UserError(f"{where}: no images")
    if len(declared) == 2 and min(declared) > 0 and declared != out.shape[1:3]:
        raise UserError(
            f"{where}: images of {out.shape[1]}x{out.shape[2]}, "
            f"but features.json says {declared[0]}x{declared[1]}"
        )
    return out


def _bytes(item: Any, where: object) -> bytes:
    if not isinstance(item, bytes):
        raise UserError(f"{where}: numbers where features.json says bytes")
    return item


def _inflate(data: bytes, where: object) -> bytes:
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(data, guard.MAX_RECORD_BYTES)
    except zlib.error as error:
        raise UserError(f"{where}: the compressed tensor is damaged ({error})") from None
    if stream.unconsumed_tail:
        raise UserError(f"{where}: a compressed tensor of over {guard.MAX_RECORD_BYTES} bytes")
    return out
