"""What ROS 2 messages hold, as arrays. Fields as in common_interfaces (sensor_msgs, geometry_msgs,
std_msgs, tf2_msgs); depth in mm is REP 118's convention for 16UC1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats import guard

MILLIMETRE = 1e-3
COLOURS = {
    "rgb8": (3, 1), "bgr8": (3, -1), "rgba8": (4, 1), "bgra8": (4, -1), "mono8": (1, 1),
    "8UC1": (1, 1),
}  # fmt: skip
DEPTHS = ("16UC1", "mono16")
DEPTH_HEADER = 12  # bytes: ros-perception/image_transport_plugins, compression_common.h
MAX_NUMBERS = 100_000
MAX_DEPTH = 8


# use in a topic map -> the fields that its messages have, and the types that have them
NEEDED = {
    "cameras": (("data",), "sensor_msgs/msg/Image or CompressedImage"),
    "joints": (("name", "position", "velocity"), "sensor_msgs/msg/JointState"),
    "instruction": (("data",), "std_msgs/msg/String"),
    "tcp": (("transforms",), "tf2_msgs/msg/TFMessage"),
}


def check_kind(message: Any, kind: str, use: str, place: str) -> None:
    """UserError unless a message of this type can be what the map takes it for."""
    fields, types = NEEDED[use]
    good = all(hasattr(message, field) for field in fields)
    if use == "cameras":
        good = good and (hasattr(message, "format") or hasattr(message, "encoding"))
    if use == "instruction":
        good = good and isinstance(message.data, str)
    if not good:
        raise UserError(f"{place} is of {kind}; {use} of the topic map takes {types}")


def picture(message: Any, place: str) -> AnyArray:
    """(H, W, 3) u1 or, of depth in mm, (H, W) u2: of sensor_msgs/Image or CompressedImage."""
    if hasattr(message, "format"):
        return _compressed(bytes(message.data), str(message.format), place)
    height, width, encoding = int(message.height), int(message.width), str(message.encoding)
    if not 0 < height * width <= guard.MAX_PIXELS:
        raise UserError(f"{place}: an image of {width}x{height} pixels")
    if encoding in DEPTHS:
        kind = ">u2" if message.is_bigendian else "<u2"
        return _rows(message, height, 2 * width, place).view(kind).astype(np.uint16)
    if encoding not in COLOURS:
        known = ", ".join([*COLOURS, *DEPTHS])
        raise UserError(f"{place}: encoding {encoding[:40]!r} is not read; encodings: {known}")
    channels, order = COLOURS[encoding]
    pixels = _rows(message, height, channels * width, place).reshape(height, width, channels)
    return _colour(pixels[..., :3][..., ::order] if channels > 1 else pixels[..., 0])


def _compressed(data: bytes, form: str, place: str) -> AnyArray:
    """Of compressed_image_transport, or of compressed_depth_image_transport, which puts a header of
    12 bytes before its PNG, and whose 32FC1 is quantised."""
    if "compressedDepth" not in form:
        return _colour(guard.plain_picture(data, place))
    if not form.startswith(DEPTHS):
        raise UserError(f"{place}: {form[:40]!r} is not read; of compressed depth: 16UC1")
    return guard.decode_image(data[DEPTH_HEADER:], place)


def _rows(message: Any, height: int, wanted: int, place: str) -> AnyArray:
    """(H, wanted) the bytes of each row, without the padding at its end."""
    data = np.frombuffer(bytes(message.data), np.uint8)
    step = int(message.step)
    if step < wanted or len(data) < height * step:
        raise UserError(f"{place}: {len(data)} bytes are no image of {height} rows of {wanted}")
    return np.ascontiguousarray(data[: height * step].reshape(height, step)[:, :wanted])


def _colour(pixels: AnyArray) -> AnyArray:
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


def joints(message: Any, names: tuple[str, ...], place: str) -> tuple[AnyArray, AnyArray]:
    """(J,) positions and velocities of sensor_msgs/JointState, in the order of `names`; velocities
    are (0,) where the message has none."""
    at = {str(name): i for i, name in enumerate(message.name)}
    lacking = [name for name in names if name not in at]
    if lacking:
        raise UserError(f"{place}: no joint {lacking[0]!r}; joints: {', '.join(at)}")
    order = [at[name] for name in names]
    position, velocity = np.asarray(message.position, float), np.asarray(message.velocity, float)
    if len(position) != len(at) or len(velocity) not in (0, len(at)):
        raise UserError(f"{place}: {len(position)} positions for {len(at)} joints")
    return position[order], velocity[order] if len(velocity) else velocity


def numbers(message: Any, place: str) -> tuple[AnyArray, list[str]]:
    """(N,) every number in a message but its header, depth first, and where each one was.

    UserError: it holds none, or so many that it is a picture or a cloud.
    """
    values: list[float] = []
    names: list[str] = []

    def walk(value: Any, name: str, depth: int) -> None:
        if len(values) > MAX_NUMBERS or depth > MAX_DEPTH:
            raise UserError(
                f"{place}: a message of over {MAX_NUMBERS:,} numbers or {MAX_DEPTH} levels; "
                "a picture goes under cameras"
            )
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, bool | int | float):
            values.append(float(value))
            names.append(name)
        elif isinstance(value, list | tuple | bytes | bytearray):
            for i, child in enumerate(value):
                walk(child, f"{name}.{i}", depth + 1)
        else:
            for key in _fields(value):
                if key not in ("header", "layout"):
                    walk(getattr(value, key), f"{name}.{key}" if name else key, depth + 1)

    walk(message, "", 0)
    if not values:
        raise UserError(f"{place} holds no numbers")
    return np.array(values), names


def _fields(message: Any) -> Iterable[str]:
    """The names of a message's fields, in its order; of what is no message, none."""
    slots: Iterable[str] = getattr(message, "__slots__", ())
    if slots:
        return slots
    return [field for field in getattr(message, "__dataclass_fields__", ()) if field[0] != "_"]


class Frames:
    """The last transforms received: child frame -> (parent, pose in it)."""

    def __init__(self) -> None:
        self._parents: dict[str, tuple[str, AnyArray]] = {}

    def receive(self, message: Any) -> None:
        """A tf2_msgs/TFMessage."""
        for entry in message.transforms:
            t, q = entry.transform.translation, entry.transform.rotation
            pose = np.array([t.x, t.y, t.z, q.x, q.y, q.z, q.w], np.float64)
            parent = str(entry.header.frame_id).lstrip("/")
            self._parents[str(entry.child_frame_id).lstrip("/")] = (parent, pose)

    def child_to_parent(self, parent: str, child: str) -> AnyArray | None:
        """(7,) the pose of `child` in `parent`, an ancestor of it; None where no chain leads up."""
        pose = np.array([0, 0, 0, 0, 0, 0, 1.0])
        for _ in range(len(self._parents) + 1):
            if child == parent:
                return pose
            if child not in self._parents:
                return None
            child, above = self._parents[child]
            pose = _compose(above, pose)
        return None


def _compose(one: AnyArray, two: AnyArray) -> AnyArray:
    """Poses x y z qx qy qz qw: first two, then one."""
    turned = _rotate(one[3:], two[:3])
    x1, y1, z1, w1 = one[3:]
    x2, y2, z2, w2 = two[3:]
    quaternion = [
        w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
        w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
        w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
    ]
    return np.concatenate([one[:3] + turned, quaternion])


def _rotate(quaternion: AnyArray, vector: AnyArray) -> AnyArray:
    axis, scalar = quaternion[:3], quaternion[3]
    side = 2 * np.cross(axis, vector)
    return np.asarray(vector + scalar * side + np.cross(axis, side))
