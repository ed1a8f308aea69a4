"""The messages of one bag file: MCAP or SQLite (`.db3`), either of them packed with zstd.

Definitions of types that a file brings along are read by mcap-ros2-support, which makes no code of
them; types that are only named (`.db3` before ROS 2 Iron) are those of rosbags' own tables.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.formats.extra import need
from episodes.storage.descriptors import opening

WHY = "reading bags"
PACKED = ".zstd"  # rosbag2's name for a file that it compressed (compression_mode: FILE)
SUFFIXES = (".mcap", ".db3")
MAX_UNPACKED_BYTES = 256 << 30
CHUNK = 1 << 20

Decode = Callable[[], Any]


@dataclass(frozen=True)
class Message:
    """One message that was logged. kind: of its topic, "sensor_msgs/msg/JointState".

    time: of logging [ns since the epoch]. decode: the message; UserError where it cannot be read.
    """

    topic: str
    kind: str
    time: int
    decode: Decode


def is_bag(file: Path) -> bool:
    """By its name: bag_0.mcap, bag_0.db3, bag_0.mcap.zstd, ..."""
    return Path(file.name.removesuffix(PACKED)).suffix in SUFFIXES


@contextmanager
def unpacked(files: Sequence[Path]) -> Iterator[list[Path]]:
    """The same files, those that are packed unpacked to a folder that goes when the block ends.

    UserError: one cannot be unpacked, or is larger than MAX_UNPACKED_BYTES.
    """
    if not any(file.suffix == PACKED for file in files):
        yield list(files)
        return
    with tempfile.TemporaryDirectory(prefix="cellwright-") as folder:
        yield [_unpack(file, Path(folder)) if file.suffix == PACKED else file for file in files]


def _unpack(file: Path, folder: Path) -> Path:
    zstandard = need("zstandard", "reading packed bags")
    out = folder / file.name.removesuffix(PACKED)
    try:
        with opening(file), open(file, "rb") as stream, open(out, "wb") as target:
            left = MAX_UNPACKED_BYTES
            with zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True) as zst:
                while part := zst.read(CHUNK):
                    left -= len(part)
                    if left < 0:
                        raise UserError(f"{file}: over {MAX_UNPACKED_BYTES >> 30} GB unpacked")
                    target.write(part)
    except (zstandard.ZstdError, OSError) as error:
        raise UserError(f"{file}: it cannot be unpacked ({_line(error)})") from None
    return out


def messages(file: Path, topics: Collection[str] | None, packed: bool) -> Iterator[Message]:
    """Those of `topics` (None: of all) in order of time.

    packed: each message is packed by itself (compression_mode: MESSAGE). UserError: a file that is
    damaged, or no bag.
    """
    read = _sqlite if file.suffix == ".db3" else _mcap
    try:
        yield from read(file, topics, _Unpacker(packed))
    except UserError:
        raise
    except Exception as error:  # the parsers raise many kinds for damaged files
        way = (
            "" if read is _sqlite else "; of one that was cut short, `mcap recover` saves the rest"
        )
        raise UserError(f"{file}: not a bag that can be read ({_line(error)}){way}") from None


class _Unpacker:
    """What a message's bytes are, for those that are packed one by one."""

    def __init__(self, packed: bool) -> None:
        self._zstd = need("zstandard", "reading packed bags").ZstdDecompressor() if packed else None

    def __call__(self, data: bytes) -> bytes:
        return data if self._zstd is None else self._zstd.decompress(data)


def _mcap(file: Path, topics: Collection[str] | None, unpack: _Unpacker) -> Iterator[Message]:
    reader = need("mcap.reader", WHY)
    factory = need("mcap_ros2.decoder", WHY).DecoderFactory()
    with opening(file), open(file, "rb") as stream:
        found = reader.make_reader(stream, validate_crcs=True).iter_messages(topics=topics)
        for schema, channel, message in found:
            kind = schema.name if schema is not None else "unknown"
            encoding = channel.message_encoding
            decode = _own(factory, encoding, schema, kind, unpack, message.data)
            yield Message(channel.topic, kind, message.log_time, decode)


def _sqlite(file: Path, topics: Collection[str] | None, unpack: _Unpacker) -> Iterator[Message]:
    rosbag2 = need("rosbags.rosbag2", "reading .db3 bags")
    typesys = need("rosbags.typesys", "reading .db3 bags")
    records = need("mcap.records", WHY)
    factory = need("mcap_ros2.decoder", WHY).DecoderFactory()
    known = typesys.get_typestore(typesys.Stores.LATEST)
    with opening(file), rosbag2.Reader(file) as bag:
        chosen = [c for c in bag.connections if topics is None or c.topic in topics]
        schemas = {}
        for number, connection in enumerate(chosen, start=1):
            if text := connection.msgdef.data:
                encoding = f"ros2{connection.msgdef.format.name.lower()}"
                schemas[connection.id] = records.Schema(
                    id=number, name=connection.msgtype, encoding=encoding, data=text.encode()
                )
        for connection, time, data in bag.messages(chosen) if chosen else ():
            kind, schema = connection.msgtype, schemas.get(connection.id)
            if schema is not None:
                decode = _own(factory, "cdr", schema, kind, unpack, data)
            else:
                decode = _named(known, kind, unpack, data)
            yield Message(connection.topic, kind, time, decode)


def _own(
    factory: Any, encoding: str, schema: Any, kind: str, unpack: _Unpacker, data: bytes
) -> Decode:
    """By the definition that the file brings along."""

    def decode() -> Any:
        try:
            with redirect_stderr(io.StringIO()):  # the parser prints what it cannot read
                decoder = factory.decoder_for(encoding, schema)
        except Exception as error:  # and raises many kinds
            raise UserError(
                f"the definition of {kind} cannot be read ({_line(error)}); messages are, services "
                "and actions are not"
            ) from None
        if decoder is None:
            raise UserError(f"{kind}: only CDR messages with a ros2msg schema are read")
        return _decoded(lambda: decoder(unpack(data)))

    return decode


def _named(known: Any, kind: str, unpack: _Unpacker, data: bytes) -> Decode:
    """By the definition of ROS 2's own packages."""

    def decode() -> Any:
        if kind not in known.fielddefs:
            raise UserError(
                f"the bag does not define {kind}, and it is no type of ROS 2 itself; "
                "`ros2 bag convert` to MCAP, where its package is installed, adds the definition"
            )
        return _decoded(lambda: known.deserialize_cdr(unpack(data), kind))

    return decode


def _decoded(decode: Decode) -> Any:
    try:
        return decode()
    except Exception as error:  # the decoders raise many kinds for damaged messages
        raise UserError(f"a message cannot be decoded ({_line(error)})") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__
