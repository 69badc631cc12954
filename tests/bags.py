"""Bags as rosbags' own writers make them: clouds of any layout, transforms, odometry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags import rosbag1, rosbag2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

ROS1 = get_typestore(Stores.ROS1_NOETIC)
ROS2 = get_typestore(Stores.ROS2_HUMBLE)
KINDS = ("ros1", "sqlite3", "mcap")
CODES = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 8}
CLOUD = "sensor_msgs/msg/PointCloud2"
TF = "tf2_msgs/msg/TFMessage"
ODOMETRY = "nav_msgs/msg/Odometry"
ROS1.register(get_types_from_msg("geometry_msgs/TransformStamped[] transforms", TF))
Message = tuple[str, str, int, Any]  # topic, type, nanoseconds, message


def header(store: Any, stamp: int, frame: str) -> Any:
    time = store.types["builtin_interfaces/msg/Time"](sec=stamp // 10**9, nanosec=stamp % 10**9)
    more = {"seq": 0} if store is ROS1 else {}
    return store.types["std_msgs/msg/Header"](stamp=time, frame_id=frame, **more)


def cloud(
    store: Any,
    rows: np.ndarray,
    *,
    stamp: int = 0,
    frame: str = "lidar",
    height: int = 1,
    pad: int = 0,
    dense: bool = True,
    said: Mapping[str, Any] | None = None,
) -> Any:
    """A PointCloud2 of structured rows (N,), in `height` rows of `pad` bytes more each; `said`
    replaces what the message then says."""
    fields = []
    big = False
    for name, (kind, offset, *_) in rows.dtype.fields.items():
        base, shape = kind.subdtype or (kind, (1,))
        big |= base.byteorder == ">"
        fields.append(
            store.types["sensor_msgs/msg/PointField"](
                name=name, offset=offset, datatype=CODES[base.str[1:]], count=shape[0]
            )
        )
    step, width = rows.dtype.itemsize, len(rows) // height
    lines = np.zeros((height, width * step + pad), np.uint8)
    lines[:, : width * step] = np.frombuffer(rows.tobytes(), np.uint8).reshape(height, -1)
    usual = {
        "height": height,
        "width": width,
        "fields": fields,
        "is_bigendian": big,
        "point_step": step,
        "row_step": width * step + pad,
        "data": lines.reshape(-1),
        "is_dense": dense,
    }
    return store.types[CLOUD](header=header(store, stamp, frame), **{**usual, **(said or {})})


def plain_rows(points: np.ndarray) -> np.ndarray:
    """(N,) structured rows of (N, 4) points, as a driver of Velodyne lays them out."""
    kinds = ["<f4", "<f4", "<f4", "<f4", "<u2"]
    names = ["x", "y", "z", "intensity", "ring"]
    row = np.dtype({"names": names, "formats": kinds, "offsets": [0, 4, 8, 16, 20], "itemsize": 32})
    made = np.zeros(len(points), row)
    for place, name in enumerate(names[:4]):
        made[name] = points[:, place]
    made["ring"] = np.arange(len(points)) % 32
    return made


def transform(
    store: Any, parent: str, child: str, stamp: int, move: Sequence[float], yaw: float = 0.0
) -> Any:
    """A transform that turns by `yaw` and moves."""
    types = store.types
    return types["geometry_msgs/msg/TransformStamped"](
        header=header(store, stamp, parent),
        child_frame_id=child,
        transform=types["geometry_msgs/msg/Transform"](
            translation=types["geometry_msgs/msg/Vector3"](*map(float, move)),
            rotation=_turn(store, yaw),
        ),
    )


def transforms(store: Any, several: Sequence[Any]) -> Any:
    return store.types[TF](transforms=list(several))


def odometry(
    store: Any, frame: str, child: str, stamp: int, move: Sequence[float], yaw: float = 0.0
) -> Any:
    types = store.types
    zero = types["geometry_msgs/msg/Vector3"](0.0, 0.0, 0.0)
    nothing = np.zeros(36)
    pose = types["geometry_msgs/msg/Pose"](
        position=types["geometry_msgs/msg/Point"](*map(float, move)), orientation=_turn(store, yaw)
    )
    return types[ODOMETRY](
        header=header(store, stamp, frame),
        child_frame_id=child,
        pose=types["geometry_msgs/msg/PoseWithCovariance"](pose=pose, covariance=nothing),
        twist=types["geometry_msgs/msg/TwistWithCovariance"](
            twist=types["geometry_msgs/msg/Twist"](linear=zero, angular=zero), covariance=nothing
        ),
    )


def _turn(store: Any, yaw: float) -> Any:
    quaternion = store.types["geometry_msgs/msg/Quaternion"]
    return quaternion(0.0, 0.0, float(np.sin(yaw / 2)), float(np.cos(yaw / 2)))


def store_of(kind: str) -> Any:
    return ROS1 if kind == "ros1" else ROS2


def write_bag(
    path: Path, messages: Iterable[Message], kind: str = "ros1", compression: str = ""
) -> Path:
    """Write messages; ROS 1 to `path`.bag, ROS 2 to the folder `path`. `compression` is lz4 or bz2
    for ROS 1; message, file or storage for ROS 2. Returns what was written."""
    store = store_of(kind)
    connections: dict[str, Any] = {}
    if kind == "ros1":
        path = path.with_name(f"{path.name}.bag")
        writer: Any = rosbag1.Writer(path)
        if compression:
            writer.set_compression(writer.CompressionFormat[compression.upper()])
    else:
        plugin = rosbag2.StoragePlugin[kind.upper()]
        writer = rosbag2.Writer(path, version=9, storage_plugin=plugin)
        if compression:
            mode = rosbag2.CompressionMode[compression.upper()]
            writer.set_compression(mode, rosbag2.CompressionFormat.ZSTD)
    path.parent.mkdir(parents=True, exist_ok=True)
    with writer:
        for topic, type_, time, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, type_, typestore=store)
            serialize = store.serialize_ros1 if kind == "ros1" else store.serialize_cdr
            writer.write(connections[topic], time, serialize(message, type_))
    return path


def drive(
    kind: str,
    scans: Sequence[np.ndarray],
    *,
    topic: str = "/points",
    every_ns: int = 10**8,
    start: int = 1_700_000_000 * 10**9,
) -> list[Message]:
    """Messages of scans (N, 4) at 10 Hz, in the frame lidar."""
    store = store_of(kind)
    return [
        (
            topic,
            CLOUD,
            start + at * every_ns,
            cloud(store, plain_rows(points), stamp=start + at * every_ns),
        )
        for at, points in enumerate(scans)
    ]
