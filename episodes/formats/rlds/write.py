"""RLDS out: a TFDS folder that tensorflow_datasets and tfrecord open, without TensorFlow.

Names follow Open X-Embodiment: steps/observation/..., steps/action, steps/language_instruction,
steps/is_first, is_last, is_terminal, reward, discount; the arrays under action/ go to
steps/action_dict/ as DROID has it. Pictures are PNG, depth and segmentation of 16 bits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats.flat import Flat, encode_png, flatten, padded, to_json, widths
from episodes.formats.rlds import example, names, records
from episodes.storage.selection import Selection

SHARD_BYTES = 256 << 20
EXACT = ("f2", "f4", "i1", "i2", "i4", "i8", "u1", "u2", "b1")  # in float and int64 lists
FEATURES = "tensorflow_datasets.core.features"


def write(
    chosen: Selection, out: Path, *, progress: Callable[[object], None], name: str = "cellwright"
) -> Sequence[str]:
    """Write out/NAME/1.0.0 with the splits train and val. UserError: episodes of other shapes."""
    if not name.replace("_", "").isalnum():
        raise UserError(f"options.name={name!r}: a TFDS name has letters, digits and _ only")
    folder = out / name / "1.0.0"
    folder.mkdir(parents=True)
    splits = {"train": _Split(folder, name, "train"), "val": _Split(folder, name, "val")}
    tree: dict[str, Any] | None = None
    one_width = widths(chosen)
    try:
        for episode in chosen.episodes():
            flat = padded(flatten(episode), one_width)
            ours = {key: feature for key, (feature, _) in _leaves(flat).items()}
            if tree is None:
                tree = ours
            _check(tree, ours, episode.index)
            split = splits["val" if episode.index in chosen.valid else "train"]
            split.add(example.write(_record(flat, episode.success)))
            progress(episode)
    finally:
        for split in splits.values():
            split.close()
    assert tree is not None  # a selection has episodes
    info = {
        "name": name,
        "version": "1.0.0",
        "fileFormat": "tfrecord",
        "moduleName": f"{name}.{name}_dataset_builder",
        "description": f"Exported by cellwright from {chosen.path.name}.",
        "releaseNotes": {"1.0.0": "Initial release."},
        "splits": [split.finish() for split in splits.values() if split.lengths],
    }
    for file, value in (("features.json", _tree(tree)), ("dataset_info.json", info)):
        (folder / file).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    return ()


def _leaves(flat: Flat) -> dict[str, tuple[dict[str, Any], Any]]:
    """key under steps/ -> (its entry of features.json, its rows)."""
    steps = int(flat.header["steps"])
    out: dict[str, tuple[dict[str, Any], Any]] = {}
    for name, rows in flat.numbers.items():
        if rows.size:
            out[names.key_of(name)] = (_tensor(rows), rows)
    for name, frames in flat.pictures.items():
        shape = [*frames.shape[1:3], 3 if frames.ndim == 4 else 1]
        out[names.key_of(name)] = (_image(shape, str(frames.dtype)), frames)
    flags = np.zeros((2, steps), bool)
    flags[0, 0] = flags[1, -1] = True
    out |= {
        "is_first": (_tensor(flags[0]), flags[0]),
        "is_last": (_tensor(flags[1]), flags[1]),
        "is_terminal": (_tensor(flags[1]), flags[1]),
    }
    if "reward" not in out:
        out["reward"] = (_tensor(flags[0].astype("f4")), np.zeros(steps, np.float32))
    one = np.ones(steps, np.float32)
    out["discount"] = (_tensor(one), one)
    text = [flat.header["instruction"]] * steps
    out["language_instruction"] = (_text(), text)
    return out


def _record(flat: Flat, success: bool | None) -> dict[str, Any]:
    """The tf.train.Example of an episode."""
    out: dict[str, Any] = {}
    for key, (feature, rows) in _leaves(flat).items():
        name = f"steps/{key}"
        if "image" in feature:
            out[name] = [encode_png(picture) for picture in rows]
        elif "text" in feature:
            out[name] = [text.encode() for text in rows]
        elif feature["tensor"]["encoding"] == "bytes":
            out[name] = [np.ascontiguousarray(row).tobytes() for row in rows]
        else:
            out[name] = rows
    out["episode_metadata/cellwright"] = [to_json(flat.header).encode()]
    out["episode_metadata/episode_index"] = np.array([flat.header["index"]])
    out["episode_metadata/domain"] = [str(flat.header["domain"]).encode()]
    # 1 and 0; -1 where nobody knows
    out["episode_metadata/success"] = np.array([-1 if success is None else int(success)])
    return out


def _tree(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """features.json."""
    metadata = {
        "cellwright": _text(),
        "episode_index": _tensor(np.zeros(1, np.int64)),
        "domain": _text(),
        "success": _tensor(np.zeros(1, np.int64)),
    }
    steps = {
        "pythonClassName": f"{FEATURES}.dataset_feature.Dataset",
        "sequence": {"feature": _nested(leaves), "length": "-1"},
    }
    return _dictionary({"steps": steps, "episode_metadata": _nested(metadata)})


def _nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """{"a/b": leaf} as dictionaries in dictionaries."""
    heads: dict[str, dict[str, Any]] = {}
    out: dict[str, Any] = {}
    for key, leaf in leaves.items():
        head, slash, rest = key.partition("/")
        if slash:
            heads.setdefault(head, {})[rest] = leaf
        else:
            out[key] = leaf
    return _dictionary(out | {head: _nested(inner) for head, inner in heads.items()})


def _dictionary(features: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "pythonClassName": f"{FEATURES}.features_dict.FeaturesDict",
        "featuresDict": {"features": dict(features)},
    }


def _tensor(rows: AnyArray) -> dict[str, Any]:
    """Of rows (T, ...). What a tf.Example cannot hold exactly goes as bytes."""
    shape = [str(size) for size in rows.shape[1:]]
    exact = rows.dtype.str[1:] in EXACT
    return {
        "pythonClassName": f"{FEATURES}.tensor_feature.Tensor",  # a Scalar would forget `encoding`
        "tensor": {
            "shape": {"dimensions": shape} if shape else {},
            "dtype": str(rows.dtype),
            "encoding": "none" if exact else "bytes",
        },
    }


def _image(shape: list[int], dtype: str) -> dict[str, Any]:
    return {
        "pythonClassName": f"{FEATURES}.image_feature.Image",
        "image": {
            "shape": {"dimensions": [str(size) for size in shape]},
            "dtype": dtype,
            "encodingFormat": "png",
        },
    }


def _text() -> dict[str, Any]:
    return {"pythonClassName": f"{FEATURES}.text_feature.Text", "text": {}}


def _check(ours: Mapping[str, Any], theirs: Mapping[str, Any], episode: int) -> None:
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            raise UserError(
                f"episode {episode}: {key} is absent or of another shape than in the first "
                "episode; TFDS wants one shape: export those apart"
            )


class _Split:
    """The record files of a split; their final names tell how many there are."""

    def __init__(self, folder: Path, dataset: str, name: str) -> None:
        self._folder, self._dataset, self._name = folder, dataset, name
        self._stream: Any = None
        self._bytes = 0
        self.lengths: list[int] = []

    def add(self, record: bytes) -> None:
        if self._stream is None or self._stream.tell() >= SHARD_BYTES:
            self.close()
            self._stream = open(self._part(len(self.lengths)), "wb")  # noqa: SIM115
            self.lengths.append(0)
        framed = records.framed(record)
        self._stream.write(framed)
        self._bytes += len(framed)
        self.lengths[-1] += 1

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def finish(self) -> dict[str, Any]:
        """Give the files their names; the entry of dataset_info.json."""
        count = len(self.lengths)
        for number in range(count):
            name = f"{self._dataset}-{self._name}.tfrecord-{number:05d}-of-{count:05d}"
            os.rename(self._part(number), self._folder / name)
        return {
            "name": self._name,
            "numBytes": str(self._bytes),
            "shardLengths": [str(length) for length in self.lengths],
            "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
        }

    def _part(self, number: int) -> Path:
        return self._folder / f".{self._name}-{number:05d}"
