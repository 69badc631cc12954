"""OpenLABEL, nuScenes-like, labelCloud and CSV files: out and in again, and what is wrong with one.

OpenLABEL's own schema is another's; what is checked here is what the standard asks of these parts.
"""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft7Validator

from core.base.errors import DataError
from core.boxes.formats import csv_file, labelcloud, nuscenes, openlabel
from core.boxes.table import Boxes
from tests.core.boxes.frames import KITTI, NAMES, made_up, real_tables

SCHEMA = json.loads((Path(__file__).parent / "openlabel_schema.json").read_text())


@pytest.fixture(scope="module")
def real() -> dict[str, Boxes]:
    tables = real_tables()
    assert len(tables) == 20 + 154 + 3 + 1
    return tables


def kept(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "boxes.json"
    file.write_text(text)
    return file


def pose(seed: int) -> np.ndarray:
    """A pose far from the origin that leans a little, as of a car on a road."""
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(seed)
    made = np.eye(4)
    angles = (rng.uniform(-3, 3), *rng.uniform(-0.03, 0.03, 2))
    made[:3, :3] = Rotation.from_euler("zyx", angles).as_matrix()
    made[:3, 3] = rng.uniform(-2000, 2000, 3)
    return made


def close(a: Boxes, b: Boxes, *, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(a.box[:, :6], b.box[:, :6], atol=atol, rtol=0)
    turn = np.abs(a.box[:, 6] - b.box[:, 6])
    assert np.minimum(turn, 2 * np.pi - turn).max(initial=0) < atol
    np.testing.assert_array_equal(a.label, b.label)


# CSV ----------------------------------------------------------------------------------------------


def test_csv_comes_back_to_the_bit(tmp_path, real):
    tables = {**real, "made up": made_up()}
    text, notes = csv_file.written(tables, KITTI)
    again = csv_file.read(kept(tmp_path, text), NAMES)
    assert notes == again.notes == ()
    assert list(again.frames) == list(tables)
    assert all(again.frames[name].equals(table) for name, table in tables.items())


def test_csv_by_hand(tmp_path):
    text = "class,frame,yaw,x,y,z,l,w,h,colour\ncar,7,0.5,1,2,3,4,2,1.5,red\n"
    found = csv_file.read(kept(tmp_path, text), NAMES)
    assert found.frames["7"].box.tolist() == [[1, 2, 3, 4, 2, 1.5, 0.5]]
    assert found.notes == ("the columns colour of boxes.json are not taken.",)


HEAD = "frame,class,x,y,z,l,w,h,yaw,track,occluded,ignore\n"
LINE = "7,car,1,2,3,4,2,1.5,0.5,a,0,0\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column frame, class"),
        ("frame,class,x,y,z,l,w,h\n", "has no column yaw"),
        (HEAD.replace("yaw", "yaw,x"), "has several columns x"),
        (f"{HEAD}7,car,1\n", "line 2 has 3 columns, the first line 12"),
        (HEAD + LINE + LINE, "frame 7 has two boxes of track a (line 2 and line 3)"),
        (HEAD + LINE.replace("2,3", "nan,3"), "line 2: nan is no finite number"),
        (HEAD + LINE.replace("2,3", ",3"), "line 2:  is no finite number"),
        (HEAD + LINE.replace("1.5", "-1.5"), "its height is -1.5"),
        (HEAD + LINE.replace("car", "boat"), "the class boat"),
        (HEAD + LINE.replace("a,0", "a,4"), "occlusion is 4"),
        (HEAD.replace("ignore", "truncated") + LINE.replace(",0,0", ",0,2"), "truncation is 2"),
        (HEAD + LINE.replace("0,0\n", "0,maybe\n"), "ignore is maybe"),
        (HEAD + LINE.replace("car", "DontCare"), "DontCare has a box"),
        (f'{HEAD}"7,car', "unexpected end of data"),
    ],
)
def test_what_is_wrong_with_a_csv_is_said(tmp_path, text: str, said: str):
    with pytest.raises(DataError) as error:
        csv_file.read(kept(tmp_path, text), NAMES)
    assert said in error.value.what


# OpenLABEL ----------------------------------------------------------------------------------------


def test_openlabel_comes_back(tmp_path, real):
    tables = {**real, "made up": made_up(), "nothing": made_up().take([])}
    text, notes = openlabel.written(tables, KITTI, "ann")
    Draft7Validator(SCHEMA).validate(json.loads(text))
    again = openlabel.read(kept(tmp_path, text), NAMES)
    assert notes == again.notes == ()
    assert list(again.frames) == list(tables)
    for name, table in tables.items():
        found = again.frames[name]
        close(found, table, atol=1e-12)
        for column in ("track", "occluded", "ignore", "score", "truncated", "alpha", "picture"):
            np.testing.assert_array_equal(getattr(found, column), getattr(table, column))
        np.testing.assert_allclose(found.regions, table.regions, atol=1e-9)


def test_openlabel_keeps_tracks_over_frames():
    one = Boxes.of([(9, 0, 0, 4, 2, 1, 0)] * 3, [0, 0, 1], track=["7", "a", ""])
    frames = {"4": one, "5": one.take([0]), "9": one.take([0, 1])}
    root = json.loads(openlabel.written(frames, KITTI).text)["openlabel"]
    spans = root["objects"]["7"]["frame_intervals"]
    assert spans == [{"frame_start": 4, "frame_end": 5}, {"frame_start": 9, "frame_end": 9}]
    assert root["objects"]["8"]["object_data"] == {"text": [{"name": "track", "val": "a"}]}
    assert list(root["frames"]) == ["4", "5", "9"]
    assert list(root["frames"]["9"]["objects"]) == ["7", "8"]


def others_file(**changes) -> dict:
    """A file as another program writes it, with angles instead of a quaternion."""
    cuboid = {"name": "shape", "val": [1, 2, 3, 0, 0, math.pi / 2, 4, 2, 1.5]}
    root = {
        "metadata": {"schema_version": "1.0.0"},
        "objects": {"1": {"name": "a", "type": "Car"}, "2": {"name": "b", "type": "car"}},
        "frames": {
            "0": {
                "objects": {
                    "1": {"object_data": {"cuboid": [cuboid]}},
                    "2": {"object_data": {"poly2d": [{"name": "x", "val": []}]}},
                }
            }
        },
        "actions": {"0": {"name": "walk", "type": "walk"}},
    }
    return {"openlabel": {**root, **changes}}


def read_openlabel(tmp_path: Path, value, system: str | None = None):
    return openlabel.read(kept(tmp_path, json.dumps(value)), NAMES, system)


def test_openlabel_of_others(tmp_path):
    found = read_openlabel(tmp_path, others_file())
    np.testing.assert_allclose(found.frames["0"].box, [[1, 2, 3, 4, 2, 1.5, math.pi / 2]])
    assert found.frames["0"].track.tolist() == ["1"]
    assert found.notes == ("1 action, 1 poly2d of boxes.json not taken: no boxes.",)


def test_openlabel_things_that_stand_still(tmp_path):
    cuboid = {"name": "s", "val": [1, 2, 3, 0.1, 0, 0, 4, 2, 1.5]}
    thing = {"name": "a", "type": "car", "object_data": {"cuboid": [cuboid]}}
    spans = [{"frame_start": 2, "frame_end": 3}]
    value = others_file(objects={"1": {**thing, "frame_intervals": spans}}, frames={}, actions={})
    found = read_openlabel(tmp_path, value)
    assert [len(found.frames[frame]) for frame in ("2", "3")] == [1, 1]
    assert found.notes == ("2 boxes lean by up to 5.73 degrees: kept upright, with its heading.",)
    bare = read_openlabel(tmp_path, others_file(objects={"1": thing}, frames={}, actions={}))
    assert len(bare.frames["0"]) == 1


def two_cuboids(one: dict, other: dict) -> dict:
    data = {"object_data": {"cuboid": [one, other]}}
    return others_file(frames={"0": {"objects": {"1": data}}}, actions={})


def test_openlabel_in_several_systems(tmp_path):
    values = [1, 2, 3, 0, 0, 0, 4, 2, 1.5]
    one = {"name": "s", "val": values, "coordinate_system": "lidar"}
    other = {"name": "t", "val": values, "coordinate_system": "world"}
    with pytest.raises(DataError, match="several coordinate systems: lidar, world"):
        read_openlabel(tmp_path, two_cuboids(one, other))
    found = read_openlabel(tmp_path, two_cuboids(one, other), "lidar")
    assert len(found.frames["0"]) == 1
    assert found.notes == ("1 cuboid in world of boxes.json not taken: no boxes.",)
    with pytest.raises(DataError, match="frame 0 has two boxes of track 1"):
        read_openlabel(tmp_path, two_cuboids(one, one))


def cuboid_file(val, **attributes) -> dict:
    cuboid = {"name": "s", "val": val, "attributes": attributes}
    return others_file(frames={"0": {"objects": {"1": {"object_data": {"cuboid": [cuboid]}}}}})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "is no OpenLABEL"),
        ({"vcd": {}}, "is no OpenLABEL"),
        (others_file(metadata={"schema_version": "0.3.0"}), "OpenLABEL version 0.3.0; 1.0.0 is"),
        (others_file(metadata={}), "OpenLABEL version None"),
        (others_file(objects={}), "objects does not name 1"),
        (others_file(objects={"1": {"name": "a"}}), "object 1 has no type"),
        (others_file(objects={"1": {"name": "a", "type": "boat"}, "2": {"type": "car"}}), "boat"),
        (others_file(frames=[]), "frames is no JSON object"),
        (cuboid_file([1, 2, 3]), "val is not 9 or 10 numbers"),
        (cuboid_file([1, 2, 3, 0, 0, 0, 0, 4, 2, 1]), "a quaternion of four zeros"),
        (cuboid_file([1, 2, 3, 0, 0, 0, 4, -2, 1]), "its width is -2"),
        (cuboid_file([1, 2, None, 0, 0, 0, 4, 2, 1]), "None is no finite number"),
        (
            cuboid_file([1, 2, 3, 0, 0, 0, 4, 2, 1], num=[{"name": "occluded", "val": 9}]),
            "occlusion is 9",
        ),
    ],
)
def test_what_is_wrong_with_an_openlabel_is_said(tmp_path, value, said: str):
    with pytest.raises(DataError) as error:
        read_openlabel(tmp_path, value)
    assert said in error.value.what


# nuScenes -----------------------------------------------------------------------------------------


def test_nuscenes_comes_back_through_the_world(tmp_path, real):
    tables = {**real, "made up": made_up()}
    poses = {name: pose(seed) for seed, name in enumerate(tables)}
    text, notes = nuscenes.written(tables, poses, KITTI)
    assert any("nuScenes does not keep truncation, occlusion" in note for note in notes)
    again = nuscenes.read(kept(tmp_path, text), poses, NAMES)
    for name, table in tables.items():
        table = table.take(~table.ignore)
        close(again.frames[name], table)
        np.testing.assert_array_equal(again.frames[name].track, table.track)
        np.testing.assert_array_equal(again.frames[name].score, table.score)
    assert again.notes == ("attribute_name, velocity of boxes.json not taken.",)


def test_nuscenes_without_poses_says_so(tmp_path):
    table = made_up(count=3)
    text, notes = nuscenes.written({"a": table}, {}, KITTI)
    assert any("no poses" in note for note in notes)
    again = nuscenes.read(kept(tmp_path, text), {}, NAMES)
    close(again.frames["a"], table.take(~table.ignore))
    assert "no poses" in again.notes[0]
    with pytest.raises(DataError, match="1 scan with boxes have no pose, the first is a"):
        nuscenes.written({"a": table}, {"b": np.eye(4)}, KITTI)
    with pytest.raises(DataError, match="no pose, the first is a"):
        nuscenes.read(kept(tmp_path, text), {"b": np.eye(4)}, NAMES)


def annotation(**changes) -> dict:
    row = {
        "sample_token": "s",
        "instance_token": "i",
        "category_name": "car",
        "translation": [10, 20, 1],
        "size": [2, 4, 1.5],
        "rotation": [math.cos(math.pi / 4), 0, 0, math.sin(math.pi / 4)],
    }
    return {**row, **changes}


def test_nuscenes_annotations_by_hand(tmp_path):
    there = np.eye(4)
    there[:3, 3] = 8, 20, 0
    rows = [annotation(), annotation(instance_token="j", rotation=[1, 0.1, 0, 0])]
    found = nuscenes.read(kept(tmp_path, json.dumps(rows)), {"s": there}, NAMES)
    table = found.frames["s"]
    np.testing.assert_allclose(table.box[0], [2, 0, 1, 4, 2, 1.5, math.pi / 2], atol=1e-12)
    assert table.track.tolist() == ["i", "j"]
    assert np.isnan(table.score).all()
    assert found.notes == ("1 box leans by up to 11.42 degrees: kept upright, with its heading.",)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "it has no results by sample"),
        ("x", "it has no results by sample"),
        ({"results": {"a": 3}}, "it has no results by sample"),
        ([annotation(), annotation()], "frame s has two boxes of track i"),
        ([annotation(size=[1, 2])], "size is not 3 numbers"),
        ([annotation(size=[1, 0, 2])], "its length is 0"),
        ([annotation(rotation=[0, 0, 0, 0])], "four zeros"),
        ([annotation(translation=[1, 2, "x"])], "x is no finite number"),
        ([annotation(category_name="boat")], "the class boat"),
        ([{"size": []}], "has no sample_token"),
    ],
)
def test_what_is_wrong_with_a_nuscenes_file_is_said(tmp_path, value, said: str):
    with pytest.raises(DataError) as error:
        nuscenes.read(kept(tmp_path, json.dumps(value)), {}, NAMES)
    assert said in error.value.what


# labelCloud ---------------------------------------------------------------------------------------


def test_labelcloud_comes_back(tmp_path, real):
    for table in real.values():
        text, _ = labelcloud.written(table, KITTI, Path("scans/000007.bin"))
        again, _ = labelcloud.read(kept(tmp_path, text), NAMES)
        close(again, table, atol=1e-12)


def test_labelcloud_by_hand(tmp_path):
    thing = {
        "name": "Car",
        "centroid": {"x": 1, "y": 2, "z": 3},
        "dimensions": {"length": 4, "width": 2, "height": 1.5},
        "rotations": {"x": 0, "y": 0, "z": 270},
    }
    value = {"folder": "", "filename": "a.pcd", "path": "a.pcd", "objects": [thing]}
    boxes, notes = labelcloud.read(kept(tmp_path, json.dumps(value)), NAMES)
    np.testing.assert_allclose(boxes.box, [[1, 2, 3, 4, 2, 1.5, -math.pi / 2]])
    assert notes == ()


def test_labelcloud_in_radians(tmp_path):
    table = made_up().take([0, 1, 2, 3])
    value = json.loads(labelcloud.written(table, KITTI, Path("a.bin")).text)
    for thing in value["objects"]:
        thing["rotations"]["z"] = math.radians(thing["rotations"]["z"])
    file = kept(tmp_path, json.dumps(value))
    assert "taken for degrees" in labelcloud.read(file, NAMES)[1][0]
    again, notes = labelcloud.read(file, NAMES, degrees=False)
    close(again, table)
    assert notes == ()


def test_what_labelcloud_does_not_keep_is_said():
    notes = labelcloud.written(made_up(), KITTI, Path("a.bin")).notes
    assert "does not keep tracks, scores, truncation, occlusion, what to ignore" in notes[0]
    assert "will be read as boxes like others" in notes[1]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "it has no list of objects"),
        ({"objects": [3]}, "object 1 is no JSON object"),
        ({"objects": [{"name": "car"}]}, "object 1 has no centroid"),
        ({"objects": [{"name": "car", "centroid": {"x": 1, "y": 2}}]}, "None is no finite number"),
    ],
)
def test_what_is_wrong_with_a_labelcloud_file_is_said(tmp_path, value, said: str):
    with pytest.raises(DataError) as error:
        labelcloud.read(kept(tmp_path, json.dumps(value)), NAMES)
    assert said in error.value.what


def test_what_is_no_json_is_said(tmp_path):
    file = kept(tmp_path, "{")
    for read in (
        lambda: openlabel.read(file, NAMES),
        lambda: nuscenes.read(file, {}, NAMES),
        lambda: labelcloud.read(file, NAMES),
    ):
        with pytest.raises(DataError, match="is no JSON"):
            read()


def test_two_objects_of_one_key_are_not_one(tmp_path):
    """JSON keeps the last of two members of one name: a box would be lost in silence."""
    text = json.dumps(others_file())
    thing = '"1": {"object_data": {"cuboid": '
    assert text.count(thing) == 1
    data = text[text.index(thing) : text.index(', "2": {"object_data"')]
    file = kept(tmp_path, text.replace(data, f"{data}, {data}"))
    with pytest.raises(DataError, match="has the key 1 twice in one JSON object"):
        openlabel.read(file, NAMES)


def test_csv_is_read_by_others():
    text = csv_file.written({"a": made_up()}, KITTI).text
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 32
    assert float(rows[0]["x"]) == made_up().box[0, 0]
