"""Names and numbers in files of others: refused in a sentence, and nothing elsewhere is touched."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError, ProjectError
from core.data.formats import format_named
from core.data.made import file_of
from core.prepare.units import POINTER
from core.project.project import Project
from tests.exchanged import write_keyframes
from tests.streets import small_project

NAMES = (
    "../../gone/LIDAR_TOP/a",
    "samples/../../gone/LIDAR_TOP",
    "/tmp/lidarloop-gone/LIDAR_TOP",
    "samples//LIDAR_TOP/a",
    "samples/./LIDAR_TOP/a",
    "samples/LIDAR_TOP/\0",
    "samples/LIDAR_TOP/\udcff\ud800",
    "samples/LIDAR_TOP/" + "a" * 300,
    "C:\\LIDAR_TOP",
    "\\\\server\\LIDAR_TOP",
    "samples/LIDAR_TOP\\..\\..\\gone",
    "samples/LIDAR_TOP/con",
    "samples/LIDAR_TOP/nul.pcd",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_scan_of_tables_lies_below_the_root(tmp_path: Path, name: str):
    write_keyframes(tmp_path, {"scene-1/a": np.full(800, 17, np.uint8)})
    file = tmp_path / "v1.0-mini/sample_data.json"
    rows = json.loads(file.read_text())
    rows[0]["filename"] = f"{name}.pcd.bin"
    file.write_text(json.dumps(rows))
    with pytest.raises(DataError, match="name a file elsewhere"):
        format_named("nuscenes").sequences(tmp_path)


@pytest.mark.parametrize("name", [n for n in NAMES if n.count("\\") < 1 or ".." in n])
def test_nothing_is_made_elsewhere_for_a_scan(tmp_path: Path, name: str):
    if name.endswith("nul.pcd"):
        name = "nul"
    with pytest.raises(DataError, match="is no name of a file"):
        file_of(tmp_path, name)


VALUES = (None, 0, -1, 1e308, True, "x", [], {}, [[]], ["x"], {"a": 1}, 10**30)
FIELDS = (
    ("sample_data", "token"),
    ("sample_data", "filename"),
    ("sample_data", "is_key_frame"),
    ("sample_data", "ego_pose_token"),
    ("sample_data", "sample_token"),
    ("ego_pose", "rotation"),
    ("ego_pose", "translation"),
    ("calibrated_sensor", "rotation"),
    ("scene", "name"),
    ("sample", "scene_token"),
)


@pytest.mark.parametrize("place", FIELDS, ids="-".join)
@pytest.mark.parametrize("value", [*VALUES, "no list", "no records"], ids=repr)
def test_any_value_in_a_table_is_read_or_told(tmp_path: Path, place: tuple[str, str], value):
    write_keyframes(tmp_path, {"scene-1/a": np.full(800, 17, np.uint8)})
    table, field = place
    file = tmp_path / f"v1.0-mini/{table}.json"
    rows = json.loads(file.read_text())
    if value == "no list":
        rows = {"rows": rows}
    elif value == "no records":
        rows = [*rows, field]
    else:
        rows[0][field] = value
    file.write_text(json.dumps(rows))
    layout = format_named("nuscenes")
    with contextlib.suppress(ProjectError):
        for sequence in layout.sequences(tmp_path):
            for scan in layout.scans(tmp_path, sequence):
                layout.labels(tmp_path, scan)
                layout.pose(tmp_path, scan)


@pytest.mark.parametrize("table", ["ego_pose", "calibrated_sensor"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rotation", [0.7, 0, 0, 0.1]),
        ("rotation", [0, 0, 0, 0.5]),
        ("translation", [1e300, 0, 0]),
        ("translation", [0, float("nan"), 0]),
    ],
)
def test_a_pose_that_is_none_is_named(tmp_path: Path, table: str, field: str, value):
    write_keyframes(tmp_path, {"scene-1/a": np.full(800, 17, np.uint8)})
    file = tmp_path / f"v1.0-mini/{table}.json"
    rows = json.loads(file.read_text())
    rows[0][field] = value
    file.write_text(json.dumps(rows))
    with pytest.raises(DataError, match=f"{rows[0]['token']} is no pose"):
        format_named("nuscenes").sequences(tmp_path)


POINTERS = ("..", "../../gone", "/etc", "", ".", "\0", "x/../y", "a" * 5000, "con", "x\ny/../..")


@pytest.mark.parametrize("name", POINTERS, ids=range(len(POINTERS)))
def test_the_prepared_units_lie_in_the_project(tmp_path: Path, small_street: Path, name: str):
    path = tmp_path / "p"
    small_project(path, small_street).close()
    (path / "units").mkdir(exist_ok=True)
    (path / "units" / POINTER).write_text(name)
    with pytest.raises(ProjectError, match="names no prepared units"):
        Project(path)
