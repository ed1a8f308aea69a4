"""RLDS: a TFDS folder of episodes, read without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import CameraTrack, Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import language
from episodes.formats.arrays import pictures
from episodes.formats.flat import unflatten
from episodes.formats.rlds import example, faults, features, folder, names, oxe, records
from episodes.formats.rlds.example import Value
from episodes.formats.rlds.folder import DatasetVersion
from episodes.reserved import MEANING
from episodes.storage import safe

STANDARD = ("action", "is_first", "is_last", "is_terminal", "reward", "discount")
HEADER = "episode_metadata/cellwright"  # of our own exports: see formats/flat.py
MAX_METADATA = 64  # values of one entry of episode_metadata that are kept


def read(
    path: Path, *, strict: bool = False, report: Report, hz: float | None = None
) -> Iterator[Episode]:
    """Every episode of every split, numbered in reading order; memory holds one.

    hz: control rate [Hz], needed where `oxe.RATES` does not know the data set. strict: a folder
    that holds less than it promises is refused. UserError: no RLDS folder, damaged records.
    """
    source = folder.find(path)
    ours = HEADER in source.features
    rate, rate_source = (0.0, "in the header") if ours else _rate(source, hz)
    search = faults.RldsFaults(report, source, strict)
    search.tables()
    if not ours and hz is None:
        report.add(
            "warning",
            f"the files hold no time stamps: counted at {rate:g} Hz ({rate_source})",
            field="time",
        )
    index = 0
    for split, file in source.shards:
        for number, record in enumerate(records.read_records(file)):
            place = f"{file.name}: record {number}"
            values = example.read(record, place)
            steps = _steps(source, values, place)
            search.record(split, place, values, steps)
            if not steps:
                continue
            decoded = _decode(source, values, steps, place, search)
            if ours:
                yield _exported(decoded, place)
                index += 1
                continue
            lineage = {
                "format": "rlds",
                "dataset": source.name,
                "version": source.version,
                "split": split,
                "file": file.name,
                "record": number,
                "rate": f"{rate:g} Hz: {rate_source}",
            }
            episode = _episode(source, decoded, index, steps, rate, lineage, search)
            search.episode(episode, values, decoded)
            yield episode
            index += 1
    search.finish()
    if not index:
        raise UserError(f"{source.folder}: its files hold no records with steps")


def _rate(source: DatasetVersion, hz: float | None) -> tuple[float, str]:
    if hz is not None:
        return hz, "given as hz"
    if source.name in oxe.RATES:
        return float(oxe.RATES[source.name]), "the overview table of Open X-Embodiment"
    raise UserError(
        f"{source.folder}: RLDS files do not tell their control rate, and that of "
        f"{source.name!r} is not known; give it with options.hz=10"
    )


def _steps(source: DatasetVersion, values: Mapping[str, Value], place: str) -> int:
    """T of a record, from the first key of a step whose size is known."""
    for key, feature in source.features.items():
        if not key.startswith("steps/") or key not in values:
            continue
        rows = len(values[key])
        size = 1
        if feature.kind == "tensor" and feature.encoding == "none":
            size = int(np.prod(feature.shape))
        if feature.kind != "unknown" and size > 0 and rows % size == 0:
            return rows // size
    raise UserError(f"{place}: it has none of the steps that features.json tells of")


def _decode(
    source: DatasetVersion,
    values: Mapping[str, Value],
    steps: int,
    place: str,
    search: faults.RldsFaults,
) -> dict[str, AnyArray | list[str]]:
    """key -> its rows: (T, ...) or T strings of a step, one row of episode_metadata."""
    out = {}
    for key, feature in source.features.items():
        if key not in values or feature.kind == "unknown":
            continue
        rows = steps if key.startswith("steps/") else 1
        try:
            out[key] = features.decode(feature, values[key], rows, f"{place}: {key}")
        except features.UnevenRows as error:
            if key.startswith("steps/action"):
                raise
            search.not_even(key, str(error))
    return out


def _episode(
    source: DatasetVersion,
    decoded: Mapping[str, AnyArray | list[str]],
    index: int,
    steps: int,
    rate: float,
    lineage: dict[str, Any],
    search: faults.RldsFaults,
) -> Episode:
    arrays: dict[str, AnyArray] = {}
    texts: dict[str, list[str]] = {}
    metadata: dict[str, Any] = {}
    for key, value in decoded.items():
        name = key.removeprefix("steps/")
        if name == key:
            if len(value) and np.size(value) <= MAX_METADATA:
                metadata[key.rpartition("/")[2]] = np.asarray(value)[0].tolist()
            elif len(value):
                search.left_out(key, f"more than {MAX_METADATA} values of an episode", index)
            if isinstance(value, list) and language.is_instruction(key):
                texts[key] = value
        elif isinstance(value, list):
            texts[name] = value
        elif language.is_instruction(name) and (spelt := _spelt(value)):
            texts[name] = spelt
        else:
            arrays[name] = value
    actions, action = _actions(arrays, steps)
    columns: Mapping[str, Sequence[str]] = {}
    robot = "unknown"
    if meaning := oxe.MEANINGS.get(source.name):
        action |= meaning.convert(actions)
        robot, columns = meaning.robot, meaning.columns
        lineage = {**lineage, MEANING: dict(meaning.lineage)}
    cameras: dict[str, CameraTrack] = {}
    obs: dict[str, AnyArray] = {}
    for key, rows in arrays.items():
        name = key.removeprefix("observation/").replace("/", ".")
        if source.features[f"steps/{key}"].kind == "image":
            seen = pictures.split(rows)
            if seen.rgb is not None:
                cameras[name] = CameraTrack(rgb=seen.rgb)
            if seen.alpha is not None:
                obs[f"{name}.alpha"] = seen.alpha
            if seen.plain is not None:
                obs[name] = seen.plain
        elif key.partition("/")[0] not in STANDARD:
            obs[name] = rows
    words = language.words(texts, steps)
    for name in words.unread:
        search.left_out(f"steps/{name}", "text that changes on the way", index)
    success = metadata.get("success")
    done = [arrays[flag] for flag in ("is_last", "is_terminal") if flag in arrays]
    reward = arrays.get("reward")
    return Episode(
        index=index,
        seed=0,
        task=source.name,
        robot=robot,
        domain="real",
        control_hz=rate,
        instruction=words.instruction,
        success=bool(success) if isinstance(success, bool | int) else None,
        failure="",
        time=np.arange(steps + 1) / rate,
        actions=actions,
        action=action,
        obs=obs,
        rewards=None if reward is None else reward.reshape(steps).astype(np.float32),
        dones=np.any(done, axis=0).reshape(steps).astype(np.uint8) if done else None,
        cameras={name: cameras[name] for name in sorted(cameras)},
        subtasks=words.subtasks,
        language=words.language,
        licence=source.licence or "unknown",
        lineage={**lineage, "columns": {key: list(names) for key, names in columns.items()}},
        extra={
            "split": lineage["split"],
            "metadata": metadata,
            **({"texts": dict(words.rest)} if words.rest else {}),
        },
    )


def _spelt(rows: AnyArray) -> list[str]:
    """The text of each row of codes that end with 0, as Language Table spells its instructions
    (google-research/language-table, README, "decode_inst"); none of other numbers."""
    if rows.ndim != 2 or rows.dtype.kind not in "iu" or not ((rows >= 0) & (rows < 256)).all():
        return []
    return [bytes(row[row > 0].tolist()).decode("utf-8", "replace") for row in rows]


def _exported(decoded: Mapping[str, AnyArray | list[str]], place: str) -> Episode:
    """An episode that cellwright wrote: its header says what the keys were."""
    header = safe.parse_json(decoded[HEADER][0], f"{place}: {HEADER}")
    try:
        numbers = {
            name: np.asarray(decoded[key])
            for name in header["arrays"]
            if (key := f"steps/{names.key_of(name)}") in decoded
        }
        pictures = {}
        for camera, told in header["cameras"].items():
            for channel in told["channels"]:
                name = f"obs/{camera}_{channel}"
                pictures[name] = np.asarray(decoded[f"steps/{names.key_of(name)}"])
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{place}: its header does not fit its steps ({error!r})") from None
    return unflatten(numbers, pictures, header)


def _actions(arrays: Mapping[str, AnyArray], steps: int) -> tuple[AnyArray, dict[str, AnyArray]]:
    """(T, A) the action as it is, a dictionary of actions side by side in the order of its names.

    The second value is what goes under action/: the same, each under its own name.
    """
    if "action" in arrays:
        native = arrays["action"].reshape(steps, -1).astype(np.float32)
        return native, {"native": native}
    parts = {
        key.removeprefix("action/").replace("/", "."): rows.reshape(steps, -1).astype(np.float32)
        for key, rows in sorted(arrays.items())
        if key.startswith("action/")
    }
    if not parts:
        return np.zeros((steps, 0), np.float32), {}
    return np.concatenate(list(parts.values()), axis=1), parts
