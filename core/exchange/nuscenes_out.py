"""nuScenes as its devkit reads it: label files with the tables that name them, and predictions in
the layout and the ids of the lidarseg benchmark (nuscenes.org/lidar-segmentation).
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError, ProjectError
from core.data.classes import MOST_RAW, ClassList
from core.data.formats.nuscenes_panoptic import panoptic_name
from core.data.formats.nuscenes_versions import version_folder
from core.data.scans import Dataset
from core.data.splits import official

Files = dict[str, Callable[[], bytes]]  # name below the folder -> its content
OWN = "v1.0-own"  # version of tables made for plain folders

# The 32 fine classes by id, and each one's id in the benchmark's 16 classes, 0 for none.
CATEGORIES = (
    ("noise", 0),
    ("animal", 0),
    ("human.pedestrian.adult", 7),
    ("human.pedestrian.child", 7),
    ("human.pedestrian.construction_worker", 7),
    ("human.pedestrian.personal_mobility", 0),
    ("human.pedestrian.police_officer", 7),
    ("human.pedestrian.stroller", 0),
    ("human.pedestrian.wheelchair", 0),
    ("movable_object.barrier", 1),
    ("movable_object.debris", 0),
    ("movable_object.pushable_pullable", 0),
    ("movable_object.trafficcone", 8),
    ("static_object.bicycle_rack", 0),
    ("vehicle.bicycle", 2),
    ("vehicle.bus.bendy", 3),
    ("vehicle.bus.rigid", 3),
    ("vehicle.car", 4),
    ("vehicle.construction", 5),
    ("vehicle.emergency.ambulance", 0),
    ("vehicle.emergency.police", 0),
    ("vehicle.motorcycle", 6),
    ("vehicle.trailer", 9),
    ("vehicle.truck", 10),
    ("flat.driveable_surface", 11),
    ("flat.other", 12),
    ("flat.sidewalk", 13),
    ("flat.terrain", 14),
    ("static.manmade", 15),
    ("static.other", 0),
    ("static.vegetation", 16),
    ("vehicle.ego", 0),
)
_TABLES = (
    "attribute calibrated_sensor category ego_pose instance log map sample "
    "sample_annotation sample_data scene sensor visibility"
).split()
_META = ("use_camera", "use_lidar", "use_radar", "use_map", "use_external")


# -- predictions --------------------------------------------------------------------------------


def benchmark_ids(classes: ClassList) -> np.ndarray:
    """(65536,) uint8: the benchmark's id 1..16 of each raw id that the list's classes go out as, 0
    for any other.

    Raises ProjectError where a class of the list is none of the benchmark's.
    """
    table = np.zeros(MOST_RAW + 1, np.uint8)
    for name, raw in zip(classes.names, classes.class_to_raw, strict=True):
        found = CATEGORIES[raw][1] if 0 <= raw < len(CATEGORIES) else 0
        if not found:
            raise ProjectError(
                f"The class {name} (raw id {raw}) is none of nuScenes' benchmark.",
                "Give it the raw id of one of nuScenes' classes in classes.toml, or export with "
                "--as npy.",
            )
        table[raw] = found
    return table


def benchmark_labels(raw: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(N,) uint8 ids 1..16 of predicted raw ids (N,).

    The benchmark takes no 0: rows without a prediction (no finite coordinates) get the class that
    most rows of the scan have.
    """
    found: np.ndarray = table[raw]
    if not found.all():
        counts = np.bincount(found, minlength=17)[1:]
        found = np.where(found == 0, counts.argmax() + 1, found).astype(np.uint8)
    return found


def eval_sets(dataset: Dataset) -> dict[str, str]:
    """Scan -> the benchmark's set that its scene is in; of a scene that is in none, "train" or
    "val" as the project has it."""
    layout, root = dataset.format, dataset.root
    folder = version_folder(root)
    mini = folder is not None and folder.name.endswith("mini")
    names = ("mini_train", "mini_val") if mini else ("train", "val", "test")
    splits = official(layout.name)
    set_of_scene = {scene: name for name in names for scene in splits.get(name, ())}
    found = dict.fromkeys(dataset.train, names[0]) | dict.fromkeys(dataset.validation, names[1])
    for scene in layout.sequences(root):
        if scene in set_of_scene:
            for scan in layout.scans(root, scene):
                if scan in found:
                    found[scan] = set_of_scene[scene]
    return found


def prediction_names(dataset: Dataset) -> dict[str, str]:
    """Scan -> where the benchmark looks for its predictions: lidarseg/<set>/<token>_lidarseg.bin.

    In plain folders a scan's file name takes the place of the token, with its sequence's where
    several scans share it.
    """
    token = tokens(dataset)
    sets = eval_sets(dataset)
    return {scan: f"lidarseg/{sets[scan]}/{token[scan]}_lidarseg.bin" for scan in dataset.scans}


def tokens(dataset: Dataset) -> dict[str, str]:
    """Scan -> token of its keyframe in the tables, or a name that takes its place."""
    found = {}
    in_tables = version_folder(dataset.root) is not None
    stems = [scan.rpartition("/")[2] for scan in dataset.scans]
    shared = {stem for stem, count in Counter(stems).items() if count > 1}
    for scan, stem in zip(dataset.scans, stems, strict=True):
        if in_tables:
            name = dataset.format.label_file(dataset.root, scan)[0]
            # Of the whole name below its folder: a token with a slash must not pass as another.
            found[scan] = "/".join(name.split("/")[2:]).removesuffix("_lidarseg.bin")
        else:
            sequence = scan.split("/")[0]
            found[scan] = f"{sequence}-{stem}" if stem in shared else stem
    return found


def submission(dataset: Dataset) -> Files:
    """The files that say how predictions were made, one for each set."""
    meta = {name: name == "use_lidar" for name in _META}
    told = json.dumps({"meta": meta}, indent=1).encode()
    names = dict.fromkeys(eval_sets(dataset).values())
    return {f"{name}/submission.json": lambda: told for name in names}


# -- labels -------------------------------------------------------------------------------------


def table_names(root: Path, kind: str = "lidarseg") -> list[str]:
    """The files beside labels of a kind: tables, and the masks of maps that they name."""
    folder = version_folder(root)
    version = folder.name if folder is not None else OWN
    return [f"{version}/{name}.json" for name in (*_TABLES, kind)] + [
        record["filename"] for record in _maps(folder)
    ]


def label_names(dataset: Dataset) -> dict[str, str]:
    """Scan -> its label file as the tables name it; in plain folders of the tables made here."""
    if version_folder(dataset.root) is not None:
        return {s: dataset.format.label_file(dataset.root, s)[0] for s in dataset.scans}
    return {scan: f"lidarseg/{OWN}/{_token(scan)}_lidarseg.bin" for scan in dataset.scans}


def tables(dataset: Dataset, labelled: Sequence[str], kind: str = "lidarseg") -> Files:
    """The tables of a folder that holds the label files, lidarseg or panoptic, of the scans
    `labelled`.

    Those of the dataset as they are, save that of the labels, which names these files alone, and
    category, which has an index of each class. Plain folders get tables of their own, without
    poses.
    """
    folder = version_folder(dataset.root)
    version = folder.name if folder is not None else OWN
    names = label_names(dataset)
    lies = panoptic_name if kind == "panoptic" else str
    labels = [
        {"token": token, "sample_data_token": token, "filename": lies(names[scan])}
        for scan in labelled
        for token in [names[scan].rpartition("/")[2].removesuffix("_lidarseg.bin")]
    ]
    made = {} if folder is not None else _plain_tables(dataset)
    made |= {kind: labels, "category": _categories(folder), "map": _maps(folder)}
    files: Files = {}
    for name in (*_TABLES, kind):
        file = folder / f"{name}.json" if folder is not None else None
        if name not in made and file is not None and file.exists():
            files[f"{version}/{name}.json"] = file.read_bytes
        else:
            rows = made.get(name, _sensors(folder) if name == "sensor" else [])
            files[f"{version}/{name}.json"] = partial(_as_json, rows)
    for record in made["map"]:
        mask = dataset.root / record["filename"]
        files[record["filename"]] = mask.read_bytes if mask.is_file() else _one_black_pixel
    return files


def _as_json(rows: Any) -> bytes:
    return json.dumps(rows, indent=0).encode()


def _rows(folder: Path | None, name: str) -> list[dict[str, Any]]:
    """A table's rows, none where it is not there."""
    if folder is None or not (folder / f"{name}.json").exists():
        return []
    try:
        rows: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder / f'{name}.json'} cannot be read: {error}.",
            "Unpack the dataset's metadata archive again.",
        ) from error
    return rows


def _categories(folder: Path | None) -> list[dict[str, Any]]:
    """The dataset's categories, those of lidarseg added, each with the id that label files have."""
    known = {row["name"]: row for row in _rows(folder, "category")}
    blank = {"description": ""}
    rows = [
        {**blank, "token": _token(name), **known.get(name, {}), "name": name, "index": index}
        for index, (name, _) in enumerate(CATEGORIES)
    ]
    listed = {name for name, _ in CATEGORIES}
    more = [row for name, row in known.items() if name not in listed]
    # No label file has these; the devkit asks for an index all the same.
    return rows + [{**row, "index": len(rows) + n} for n, row in enumerate(more)]


def _maps(folder: Path | None) -> list[dict[str, Any]]:
    """The table of maps; the devkit needs one, and all logs in it."""
    rows = _rows(folder, "map")
    if not all(isinstance(row.get("filename"), str) for row in rows):
        raise DataError(
            f"The map table below {folder} names no files.",
            "Unpack the dataset's metadata archive again.",
        )
    if not rows:
        logs = [row["token"] for row in _rows(folder, "log")] or ([_token("log")] * (not folder))
        rows = [
            {
                "token": _token("map"),
                "log_tokens": logs,
                "category": "semantic_prior",
                "filename": "maps/none.png",
            }
        ]
    return rows


def _sensors(folder: Path | None) -> list[dict[str, Any]]:
    """Sensors where the dataset's table is not there: each is a LIDAR_TOP."""
    wanted = {row.get("sensor_token", "") for row in _rows(folder, "calibrated_sensor")}
    return [{"token": t, "channel": "LIDAR_TOP", "modality": "lidar"} for t in sorted(wanted)]


def _plain_tables(dataset: Dataset) -> dict[str, Any]:
    """Tables of plain folders: a scene for each sequence, a sample for each scan, all at one
    place and one time."""
    scenes: dict[str, list[str]] = {}
    for scan in dataset.scans:
        scenes.setdefault(scan.split("/")[0], []).append(scan)
    pose = {"translation": [0.0, 0.0, 0.0], "rotation": [1.0, 0.0, 0.0, 0.0]}
    log, sensor, placed = _token("log"), _token("sensor"), _token("calibrated")
    samples: list[dict[str, Any]] = []
    data: list[dict[str, Any]] = []
    about: list[dict[str, Any]] = []
    for sequence, scans in scenes.items():
        chain = [_token(f"sample {scan}") for scan in scans]
        about.append(
            {
                "token": _token(f"scene {sequence}"),
                "name": sequence,
                "description": "",
                "log_token": log,
                "nbr_samples": len(scans),
                "first_sample_token": chain[0],
                "last_sample_token": chain[-1],
            }
        )
        for place, scan in enumerate(scans):
            around = {
                "prev": chain[place - 1] if place else "",
                "next": chain[place + 1] if place + 1 < len(scans) else "",
            }
            samples.append(
                {
                    "token": chain[place],
                    "timestamp": place,
                    "scene_token": about[-1]["token"],
                    **around,
                }
            )
            near = {"prev": scans[place - 1 : place], "next": scans[place + 1 : place + 2]}
            data.append(
                {
                    "token": _token(scan),
                    "sample_token": chain[place],
                    "ego_pose_token": _token("ego"),
                    "calibrated_sensor_token": placed,
                    "filename": f"{scan}.pcd.bin",
                    "fileformat": "pcd",
                    "width": 0,
                    "height": 0,
                    "timestamp": place,
                    "is_key_frame": True,
                    **{name: "".join(map(_token, scans)) for name, scans in near.items()},
                }
            )
    return {
        "scene": about,
        "sample": samples,
        "sample_data": data,
        "ego_pose": [{"token": _token("ego"), "timestamp": 0, **pose}],
        "calibrated_sensor": [
            {"token": placed, "sensor_token": sensor, "camera_intrinsic": [], **pose}
        ],
        "sensor": [{"token": sensor, "channel": "LIDAR_TOP", "modality": "lidar"}],
        "log": [
            {
                "token": log,
                "logfile": "",
                "vehicle": "",
                "date_captured": "",
                "location": "",
            }
        ],
    }


def _token(name: str) -> str:
    """32 hex digits that stand for a name."""
    return hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _one_black_pixel() -> bytes:
    """A PNG in the place of a map's mask that the dataset has not."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
