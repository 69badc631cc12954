"""OpenLABEL files against the standard's own JSON schema, from the package openlabel-checker."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft7Validator

from core.boxes.formats import openlabel
from core.boxes.table import Boxes
from tests.core.boxes.frames import KITTI, made_up, real_tables

_FILE = "schema_data/openlabel_json_schema-v1.0.0.json"


@pytest.fixture(scope="module")
def schema() -> Draft7Validator:
    found = find_spec("openlabel_checker")
    if found is None or found.origin is None:
        pytest.skip("openlabel-checker, which has ASAM's schema, is not installed")
    read = json.loads((Path(found.origin).parent / _FILE).read_text(encoding="utf-8"))
    assert read["$id"] == "https://openlabel.asam.net/V1-0-0/schema#"
    Draft7Validator.check_schema(read)
    return Draft7Validator(read)


def faults(schema: Draft7Validator, text: str) -> list[str]:
    return [error.message[:200] for error in schema.iter_errors(json.loads(text))]


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_every_real_frame_is_valid(schema, every: int):
    real = real_tables()
    assert len(real) == 178
    some = dict(list(real.items())[::every])
    assert faults(schema, openlabel.written(some, KITTI, "ann").text) == []


@pytest.mark.parametrize("seed", range(3))
def test_every_column_is_valid(schema, seed: int):
    """Scores, truncation, regions of pictures, tracks of any name, frames whose name is a number or
    none, frames without boxes."""
    frames = {f"a/{k}": made_up(10 * seed + k) for k in range(3)} | {
        "a/none": Boxes.of(np.zeros((0, 7)), [])
    }
    assert faults(schema, openlabel.written(frames, KITTI).text) == []
    assert faults(schema, openlabel.written({"000007": made_up(seed)}, KITTI).text) == []
    assert faults(schema, openlabel.written({}, KITTI).text) == []


def test_the_schema_finds_what_is_wrong(schema):
    read = json.loads(openlabel.written({"0": made_up()}, KITTI).text)
    frame = read["openlabel"]["frames"]["0"]
    key = next(iter(frame["objects"]))
    frame["objects"][key]["object_data"]["cuboid"][0]["val"] = "here"
    del read["openlabel"]["metadata"]["schema_version"]
    assert len(faults(schema, json.dumps(read))) >= 2


def test_the_packages_own_checks_find_nothing_either(schema, tmp_path: Path):
    """They look for what a schema cannot say: references to nothing, intervals that overlap."""
    from openlabel_checker.core import check_file

    file = tmp_path / "boxes.json"
    frames = {f"a/{k}": made_up(k) for k in range(4)}
    file.write_text(openlabel.written(frames, KITTI, "ann").text, encoding="utf-8")
    assert [issue.message for issue in check_file(str(file)).issues] == []
