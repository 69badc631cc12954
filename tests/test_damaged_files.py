"""A derived file that is missing, cut or another is told in two sentences, whoever reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import steps
from core.assist.alike import nearest
from core.assist.by_network import predicted
from core.assist.by_shape import shapes_of
from core.base.errors import ProjectError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.cli import doctor
from core.exchange.export import export
from core.prepare.units import Units
from core.project.frozen import training_set
from core.project.project import Project
from core.rounds.predictions import new_prediction_file
from core.rounds.scores import write_scores
from tests.before import as_before
from tests.streets import made_scores, small_project, small_scan, write_scan


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scored round whose network is made up."""
    place = tmp_path_factory.mktemp("damaged")
    for number, name in enumerate(("00/velodyne/000000", "00/velodyne/000001", "08/velodyne/0")):
        write_scan(place / "scans", f"sequences/{name}", *small_scan(number))
    with small_project(place / "p", place / "scans") as project:
        steps.prepare(project, Job(), workers=1)
        found = steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
        training_set(project, found)
        found.checkpoint.write_bytes(b"weights")
        units, dataset = project.need_units(), project.dataset
        columns = made_scores(len(units))
        write_scores(found.folder, units, [columns], features=6, classes=4)
        for scan in (*dataset.train, *dataset.validation):
            arrays = {"classes": np.zeros(dataset.count(scan), np.uint8)}
            write_arrays(new_prediction_file(project.predictions(found), scan), arrays)
        iou = dict.fromkeys(project.classes.names)
        found.file("metrics.json").write_text(json.dumps({"miou": None, "iou": iou}))
    return place / "p"


@pytest.fixture
def project(tmp_path: Path, template: Path):
    """A copy of it, to be damaged."""
    shutil.copytree(template, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        yield project


@dataclass(frozen=True)
class Reader:
    """Who reads which file (a pattern below the project), and a member that it needs."""

    file: str
    member: str
    read: Callable[[Project], object]
    before: bool = False


def unit(project: Project) -> str:
    return project.need_units().name(0)


def prepare(project: Project) -> None:
    steps.prepare(project, Job(), workers=1)


def reopen(project: Project) -> None:
    Project(project.path, read_only=True).close()


def export_predictions(project: Project) -> None:
    export(project, project.path.parent / "out", Job(), what="predictions")


def _training_set(project: Project) -> object:
    return training_set(project, project.rounds[0])


ARCHIVES = {
    "units": Reader("units/*/units.npz", "partition", reopen),
    "rows": Reader("units/*/rows/**/000001.npz", "unit", lambda p: p.rows(p.dataset.train[1])),
    "units of a scan": Reader("units/*/rows/**/000001.npz", "key", prepare),
    "predictions": Reader("cache/**/000001.npz", "classes", export_predictions),
    "scores before, ask": Reader(
        "rounds/*/scores.npz", "feature", lambda p: steps.ask(p, Job()), True
    ),
    "scores before, guess": Reader(
        "rounds/*/scores.npz", "share", lambda p: predicted(p, [unit(p)]), True
    ),
}
ARRAYS = {
    "ask": Reader("rounds/*/scores/entropy.npy", "", lambda p: steps.ask(p, Job())),
    "alike": Reader("rounds/*/scores/feature.npy", "", lambda p: nearest(p, unit(p), 3)),
    "guess": Reader("rounds/*/scores/predicted.npy", "", lambda p: predicted(p, [unit(p)])),
    "shapes": Reader("units/*/shapes.npy", "", lambda p: shapes_of(p, np.array([0]))),
}
OBJECTS = {
    "scores": Reader("rounds/*/scores/scores.json", "fingerprint", lambda p: steps.ask(p, Job())),
    "columns": Reader("rounds/*/scores/scores.json", "columns", lambda p: predicted(p, [unit(p)])),
    "training set": Reader("rounds/*/training.json", "positions", _training_set),
    "scans": Reader("rounds/*/training.json", "scans", _training_set),
    "metrics": Reader("rounds/*/metrics.json", "iou", lambda p: p.rounds[0].metrics()),
}


def whole(project: Project, reader: Reader) -> Path:
    """The file to damage; the reader can read it."""
    if reader.before:
        as_before(project.path)
    (file, *_) = project.path.glob(reader.file)
    return file


def told(project: Project, reader: Reader, file: Path) -> None:
    with pytest.raises(ProjectError) as error:
        reader.read(project)
    assert file.name in error.value.what
    assert error.value.do


def cut(file: Path, keep: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * keep)])


@pytest.mark.parametrize("keep", [0, 0.3, 0.9])
@pytest.mark.parametrize("name", [*ARCHIVES, *ARRAYS])
def test_a_cut_file(project: Project, name: str, keep: float):
    reader = {**ARCHIVES, **ARRAYS}[name]
    file = whole(project, reader)
    cut(file, keep)
    told(project, reader, file)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "one row more": lambda a: np.concatenate([a, a[:1]]),
    "no rows": lambda a: a[:0],
    "one axis more": lambda a: a[None],
    "a number": lambda a: a.reshape(-1)[0],
    "another type": lambda a: a.astype(np.float64),
    "complex": lambda a: a.astype(complex),
    "text": lambda a: a.astype(str),
    "a pickle": lambda a: np.array([{"evil": 1}] * len(a), dtype=object),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ARCHIVES)
def test_another_array_in_an_archive(project: Project, name: str, change: str):
    reader = ARCHIVES[name]
    file = whole(project, reader)
    arrays = dict(np.load(file))
    arrays[reader.member] = CHANGES[change](arrays[reader.member])
    np.savez(file, **arrays)
    told(project, reader, file)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_missing_member_and_no_archive(project: Project, name: str):
    reader = ARCHIVES[name]
    file = whole(project, reader)
    arrays = dict(np.load(file))
    gone = arrays.pop(reader.member)
    np.savez(file, **arrays)
    told(project, reader, file)
    with file.open("wb") as array:
        np.save(array, gone)
    told(project, reader, file)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ARRAYS)
def test_another_array(project: Project, name: str, change: str):
    reader = ARRAYS[name]
    file = whole(project, reader)
    np.save(file, CHANGES[change](np.load(file)), allow_pickle=True)
    told(project, reader, file)


@pytest.mark.parametrize("name", ARRAYS)
def test_a_missing_array_and_an_archive_in_its_place(project: Project, name: str):
    reader = ARRAYS[name]
    file = whole(project, reader)
    array = np.load(file)
    file.unlink()
    told(project, reader, file)
    with file.open("wb") as archive:
        np.savez(archive, a=array)
    told(project, reader, file)


@pytest.mark.parametrize("value", ["no member", None, 7, ["a", 1], [["a"]]])
@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_with_another_value(project: Project, name: str, value: Any):
    reader = OBJECTS[name]
    file = whole(project, reader)
    stored = json.loads(file.read_text())
    stored[reader.member] = value
    if value == "no member":
        del stored[reader.member]
    file.write_text(json.dumps(stored))
    told(project, reader, file)


@pytest.mark.parametrize("text", ["", "[]", "3", "null", '{"half": ', "[" * 100_000, "\udcff"])
@pytest.mark.parametrize("name", OBJECTS)
def test_no_object(project: Project, name: str, text: str):
    reader = OBJECTS[name]
    file = whole(project, reader)
    file.write_text(text, errors="surrogateescape")
    told(project, reader, file)


@pytest.mark.parametrize("column", ["offsets", "scan", "partition"])
def test_columns_of_units_that_contradict_each_other(project: Project, column: str):
    file = whole(project, ARCHIVES["units"])
    arrays = dict(np.load(file))
    arrays[column] = arrays[column] + arrays[column].dtype.type(1)
    np.savez(file, **arrays)
    with pytest.raises(ProjectError, match="contradict"):
        Units.load(file.parent)


def test_rows_of_units_that_the_scan_does_not_have(project: Project):
    file = whole(project, ARCHIVES["rows"])
    arrays = dict(np.load(file))
    arrays["unit"][0] = len(arrays["kind"])
    np.savez(file, **arrays)
    with pytest.raises(ProjectError, match="does not have"):
        project.rows(project.dataset.train[1])


def test_what_is_said_helps_with_damaged_units(project: Project):
    """The project opens again without its units, and preparing makes them anew."""
    cut(whole(project, ARCHIVES["units"]), 0.5)
    units = project.need_units()
    project.close()
    with pytest.raises(ProjectError, match=r"units\.npz") as error:
        Project(project.path)
    assert str(project.path / "units" / "prepared") in error.value.do
    (project.path / "units" / "prepared").unlink()
    with Project(project.path) as again:
        steps.prepare(again, Job(), workers=1)
        assert again.need_units().fingerprint == units.fingerprint
        assert np.array_equal(again.need_units().key, units.key)


@pytest.mark.parametrize("name", ["rows", "ask", "training set", "metrics"])
def test_doctor_names_it(project: Project, name: str):
    good = [finding for finding in doctor.integrity(project.path, Job()) if finding.good is False]
    assert not good
    file = whole(project, {**ARCHIVES, **ARRAYS, **OBJECTS}[name])
    cut(file, 0.5)
    bad = [finding for finding in doctor.integrity(project.path, Job()) if finding.good is False]
    assert file.name in " ".join(finding.text for finding in bad)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_features_that_no_network_makes(project: Project, value: float):
    """Of 5,000 damaged ones 1,187 overflowed on somebody's terminal."""
    file = whole(project, ARRAYS["alike"])
    features = np.load(file)
    features[::2, 0] = value
    np.save(file, features)
    for read in (ARRAYS["alike"].read, ARRAYS["ask"].read):
        with pytest.raises(ProjectError, match="no numbers"):
            read(project)
    found = doctor.integrity(project.path, Job())
    assert any(file.name in finding.text for finding in found if finding.good is False)


def test_scores_that_do_not_name_what_all_scores_have(project: Project):
    """Doctor had found nothing, and what read the column had."""
    reader = OBJECTS["columns"]
    file = whole(project, reader)
    stored = json.loads(file.read_text())
    stored["columns"].remove("feature")
    file.write_text(json.dumps(stored))
    told(project, reader, file)
    found = doctor.integrity(project.path, Job())
    assert any(file.name in finding.text for finding in found if finding.good is False)
