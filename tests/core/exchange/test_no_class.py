"""Lists in which 0 is a class, as train ids have it: points without one go out as an ignored id."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job
from core.data.classes import IGNORED, MIXED, UNLABELLED, load_classes
from core.exchange.export import export
from core.exchange.import_labels import import_labels, plan_import
from core.exchange.nuscenes_out import benchmark_ids, benchmark_labels
from core.project.project import Project
from tests.exchanged import answer, predict, write_keyframes
from tests.streets import small_scan

CAR, ROAD = 0, 1
ROWS = np.arange(10)


def classes(ignored: str = "[255]", car: str = "raw = 0", road: str = "raw = 1") -> str:
    return (
        f'name = "ids"\nignored = {ignored}\n'
        f'[[class]]\nname = "car"\ncolour = "#6496f5"\n{car}\n'
        f'[[class]]\nname = "road"\ncolour = "#ff00ff"\n{road}\n'
    )


def yard(tmp_path: Path, text: str, name: str = "p") -> Project:
    root, file = tmp_path / "data", tmp_path / f"{name}.toml"
    root.mkdir(exist_ok=True)
    file.write_text(text)
    for seed, scan in enumerate("ab"):
        small_scan(seed)[0].tofile(root / f"{scan}.bin")
    return Project.create(
        tmp_path / name, format="folder", root=root, train=["."], classes=str(file)
    )


def read(path: Path) -> np.ndarray:
    if path.suffix == ".npy":
        return np.load(path)
    return np.fromfile(path, "<u4")


@pytest.mark.parametrize(
    ("text", "road", "none"),
    [
        (classes(), 1, 255),
        (classes("[300, 254, 255]"), 1, 254),
        (classes(car="raw = 5\nraw_ids = [0]"), 1, 255),
        (classes("[0, 255]", car="raw = 5"), 1, 0),
        (classes("[255]", car="raw = 5"), 1, 255),
        (classes("[]", car="raw = 5"), 1, 0),
    ],
)
@pytest.mark.parametrize("what", ["labels", "merged", "panoptic"])
def test_rows_nobody_labelled_are_no_class(
    tmp_path: Path, monkeypatch, text: str, road: int, none: int, what: str
):
    said: list[str] = []
    with yard(tmp_path, text) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), units=1, strategy="random")
        # A row without finite coordinates has no prediction.
        told = np.full(project.count("a"), IGNORED, np.uint8)
        predict(project, {"a": told, "b": told}, monkeypatch)
        answer(project, "a", ROWS, ROAD)
        answer(project, "a", ROWS + 20, MIXED)
        export(project, tmp_path / "out", Job(lambda report: said.append(report.said)), what=what)
        count = project.count("a")
    found = read(tmp_path / "out/a.label")
    assert np.flatnonzero(found != none).tolist() == ROWS.tolist()
    assert set(found[ROWS].tolist()) == {road}
    if what == "labels":
        assert f"10 of {2 * count:,} points have a class; the rest is {none}." in said


@pytest.mark.parametrize("layout", ["label", "npy", "ply", "pcd", "las"])
@pytest.mark.parametrize("text", [classes(), classes(car="raw = 5"), classes("[]", car="raw = 5")])
def test_labels_come_in_again_as_they_were(tmp_path: Path, text: str, layout: str):
    if layout == "las":
        pytest.importorskip("laspy", reason="laspy is not installed")
    with yard(tmp_path, text) as project:
        answer(project, "a", ROWS, ROAD)
        answer(project, "a", ROWS + 20, CAR)
        export(project, tmp_path / "out", Job(), layout=layout)
        before = project.labels("a")
    with yard(tmp_path, text, "again") as project:
        plan = plan_import(project, tmp_path / "out", Job())
        assert plan.by_class == {"car": 10, "road": 10}
        import_labels(project, tmp_path / "out", Job())
        np.testing.assert_array_equal(project.labels("a"), before)


@pytest.mark.parametrize(
    ("text", "car", "none"),
    [
        (classes(), 0, 255),
        (classes(car="raw = 5"), 5, 255),
        (classes("[]", car="raw = 5"), 5, 0),
    ],
)
def test_places_in_the_list_bring_no_class_for_none(tmp_path: Path, text: str, car: int, none: int):
    with yard(tmp_path, text) as project:
        places = np.full(project.count("a"), IGNORED, np.uint8)
        places[ROWS], places[ROWS + 20] = ROAD, CAR
        (tmp_path / "in").mkdir()
        np.save(tmp_path / "in/a.npy", places)
        import_labels(project, tmp_path / "in", Job(), ids="classes")
        labels = project.labels("a")
        assert set(labels[ROWS].tolist()) == {ROAD}
        assert set(labels[ROWS + 20].tolist()) == {CAR}
        assert (np.delete(labels, [*ROWS, *ROWS + 20]) == UNLABELLED).all()
        export(project, tmp_path / "out", Job())
    wanted = np.where(places == ROAD, 1, np.where(places == CAR, car, none))
    np.testing.assert_array_equal(read(tmp_path / "out/a.label"), wanted)


@pytest.mark.parametrize("what", ["labels", "panoptic"])
def test_without_an_id_for_none_nothing_goes_out(tmp_path: Path, what: str):
    with yard(tmp_path, classes("[]")) as project:
        answer(project, "a", ROWS, ROAD)
        with pytest.raises(SettingsError, match=r"0 is car .* no id is left") as wrong:
            export(project, tmp_path / "out", Job(), what=what)
        assert "ignored = [255]" in wrong.value.do
        assert not list((tmp_path / "out").glob("*.label"))
        # What is a class for sure comes in all the same, and 0 means it.
        (tmp_path / "in").mkdir()
        np.zeros(project.count("b"), "<u4").tofile(tmp_path / "in/b.label")
        import_labels(project, tmp_path / "in", Job())
        assert (project.labels("b") == CAR).all()
        export(project, tmp_path / "out", Job(), what="journal")
    with yard(tmp_path, classes("[]"), "places") as project:
        np.save(tmp_path / "in/b.npy", np.full(project.count("b"), IGNORED, np.uint8))
        (tmp_path / "in/b.label").unlink()
        with pytest.raises(SettingsError, match="0 is car"):
            import_labels(project, tmp_path / "in", Job(), ids="classes")


@pytest.mark.parametrize("what", ["labels", "panoptic", "predictions"])
def test_what_is_refused_for_its_last_scan_leaves_no_file(tmp_path: Path, monkeypatch, what: str):
    """The scans before it lay there as if they were all."""
    with yard(tmp_path, classes("[]")) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), units=1, strategy="random")
        cars = np.full(project.count("a"), CAR, np.uint8)
        bare = np.where(np.arange(len(cars)) == 3, IGNORED, cars).astype(np.uint8)
        predict(project, {"a": cars, "b": bare}, monkeypatch)
        answer(project, "a", np.arange(len(cars)), CAR)
        answer(project, "b", ROWS, ROAD)
        with pytest.raises(SettingsError, match="0 is car"):
            export(project, tmp_path / "out", Job(), what=what)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.suffix == ".label"]


@pytest.mark.parametrize("what", ["labels", "panoptic", "predictions", "merged"])
def test_where_every_point_has_a_class_no_id_for_none_is_needed(
    tmp_path: Path, monkeypatch, what: str
):
    said: list[str] = []
    with yard(tmp_path, classes("[]")) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), units=1, strategy="random")
        rows = np.arange(project.count("a"))
        cars = np.full(len(rows), CAR, np.uint8)
        predict(project, {"a": cars, "b": cars}, monkeypatch)
        if what != "predictions":
            answer(project, "a", rows, CAR)
            answer(project, "a", ROWS, ROAD)
        export(project, tmp_path / "out", Job(lambda report: said.append(report.said)), what=what)
    wanted = np.zeros(len(rows))
    wanted[ROWS] = 0 if what == "predictions" else 1
    assert np.array_equal(read(tmp_path / "out/a.label"), wanted)
    if what == "labels":
        assert f"{len(rows):,} of {2 * len(rows):,} points have a class." in said


@pytest.mark.parametrize(
    ("ignored", "car", "none"),
    [("[255]", 0, 255), ("[300]", 5, 0), ("[0, 255]", 5, 0), ("[300]", 0, None), ("[]", 0, None)],
)
def test_large_ids_are_no_class_in_the_byte_of_a_las(tmp_path: Path, ignored, car: int, none):
    laspy = pytest.importorskip("laspy", reason="laspy is not installed")
    with yard(tmp_path, classes(ignored, f"raw = {car}", "raw = 3000")) as project:
        rows = np.arange(project.count("a"))
        answer(project, "a", rows, CAR)
        answer(project, "a", ROWS, ROAD)
        if none is None:
            with pytest.raises(ProjectError, match="up to 255"):
                export(project, tmp_path / "out", Job(), layout="las")
            return
        export(project, tmp_path / "out", Job(), layout="las")
    found = laspy.read(tmp_path / "out/a.las")
    assert found["class_id"].tolist() == [3000] * 10 + [car] * (len(rows) - 10)
    assert found.classification.tolist() == [none] * 10 + [car] * (len(rows) - 10)


def test_labels_that_came_in_need_no_id_for_none(tmp_path: Path):
    with yard(tmp_path, classes("[]")) as project:
        (tmp_path / "in").mkdir()
        whole = np.zeros(project.count("b"), "<u4")
        whole.tofile(tmp_path / "in/b.label")
        answer(project, "b", ROWS, ROAD)
        import_labels(project, tmp_path / "in", Job())
        export(project, tmp_path / "out", Job())
    whole[ROWS] = 1
    assert np.array_equal(read(tmp_path / "out/b.label"), whole)


def test_nuscenes_in_one_byte(tmp_path: Path):
    file = tmp_path / "list.toml"
    file.write_text(classes(car="raw = 17\nraw_ids = [0]", road="raw = 24"))
    write_keyframes(tmp_path / "data", {"scene-1/a": np.full(800, 17, np.uint8)})
    with Project.create(
        tmp_path / "p", format="nuscenes", root=tmp_path / "data", train=["scene-1"],
        classes=str(file),
    ) as project:  # fmt: skip
        answer(project, project.dataset.train[0], ROWS, ROAD)
        export(project, tmp_path / "out", Job())
    (found,) = (tmp_path / "out").rglob("*_lidarseg.bin")
    assert found.read_bytes() == bytes([24] * 10 + [255] * 790)
    # The benchmark takes no row without a class: those are the scan's most frequent one.
    known = load_classes(str(file))
    raw = known.decode(np.array([ROAD, ROAD, CAR, IGNORED], np.uint8))
    assert benchmark_labels(raw, benchmark_ids(known)).tolist() == [11, 11, 4, 11]
