"""Labels that come in go out with the same bytes, save where somebody answered otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.base.jobs import Job
from core.data.classes import Merge
from core.exchange.export import export
from core.exchange.import_labels import import_labels, plan_import
from core.project.project import Project
from tests.exchanged import answer, contents, predict, write_keyframes
from tests.places import SAMPLES
from tests.samples import samples
from tests.streets import small_scan, write_scan

CASES = SAMPLES.parent / "cases"
SCANS = ("sequences/00/velodyne/000000", "sequences/00/velodyne/000001")


def strange_labels(count: int, seed: int) -> np.ndarray:
    """(count,) uint32: moving classes, ids that are no benchmark class, instances everywhere."""
    rng = np.random.default_rng(seed)
    ids = rng.choice([0, 1, 10, 30, 40, 52, 70, 99, 252, 254, 259], count).astype(np.uint32)
    return ids | rng.integers(0, 0x10000, count).astype(np.uint32) << 16


@pytest.fixture
def strange(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    root, files = tmp_path / "in", {}
    for seed, scan in enumerate(SCANS):
        points, _ = small_scan(seed)
        files[scan] = strange_labels(len(points), seed)
        write_scan(root, scan, points, files[scan])
    return root, files


def opened(path: Path, root: Path, train=("00",), format="semantickitti", **more) -> Project:
    return Project.create(
        path, format=format, root=root, train=list(train), preset="laptop", **more
    )


def exported(out: Path, scan: str) -> np.ndarray:
    return np.fromfile(out / f"{scan.replace('velodyne', 'labels')}.label", "<u4")


@pytest.mark.parametrize("what", ["labels", "merged", "panoptic"])
def test_with_no_answer_the_bytes_are_the_same(strange, tmp_path: Path, what: str):
    root, _ = strange
    with opened(tmp_path / "p", root) as project:
        assert import_labels(project, root, Job()) == 2
        assert export(project, tmp_path / "out", Job(), what=what) == 2
    wanted = {k: v for k, v in contents(root).items() if k.endswith(".label")}
    assert contents(tmp_path / "out") == wanted


@pytest.mark.parametrize("what", ["labels", "merged", "panoptic"])
def test_with_one_answer_exactly_its_rows_differ(strange, tmp_path: Path, what: str):
    root, files = strange
    rows = np.arange(100, 900, 7)
    with opened(tmp_path / "p", root) as project:
        import_labels(project, root, Job())
        answer(project, SCANS[0], rows, project.classes.names.index("trunk"))
        export(project, tmp_path / "out", Job(), what=what)
        found = exported(tmp_path / "out", SCANS[0])
        assert np.flatnonzero(found != files[SCANS[0]]).tolist() == rows.tolist()
        assert set(found[rows].tolist()) == {71}
        assert np.array_equal(exported(tmp_path / "out", SCANS[1]), files[SCANS[1]])
        project.answers.undo()
        export(project, tmp_path / "undone", Job(), what=what)
    assert np.array_equal(exported(tmp_path / "undone", SCANS[0]), files[SCANS[0]])


def test_an_answer_that_confirms_the_class_keeps_the_finer_id(strange, tmp_path: Path):
    root, files = strange
    label = files[SCANS[0]]
    moving = np.flatnonzero(label & 0xFFFF == 252)
    with opened(tmp_path / "p", root) as project:
        import_labels(project, root, Job())
        answer(project, SCANS[0], moving, project.classes.names.index("car"))
        export(project, tmp_path / "out", Job())
        assert np.array_equal(exported(tmp_path / "out", SCANS[0]), label)
        answer(project, SCANS[0], moving, project.classes.names.index("truck"))
        export(project, tmp_path / "other", Job())
    found = exported(tmp_path / "other", SCANS[0])
    assert set(found[moving].tolist()) == {18}
    assert np.array_equal(np.delete(found, moving), np.delete(label, moving))


def test_merged_takes_predictions_only_where_nothing_came_in(strange, tmp_path: Path, monkeypatch):
    root, files = strange
    (root / "sequences/00/labels/000001.label").unlink()
    from core import steps

    with opened(tmp_path / "p", root) as project:
        steps.prepare(project, Job(), workers=1)
        import_labels(project, root, Job())
        steps.ask(project, Job(), units=2, strategy="random")
        told = {scan: np.full(project.count(scan), 14, np.uint8) for scan in SCANS}
        predict(project, told, monkeypatch)
        export(project, tmp_path / "out", Job(), what="merged")
    assert np.array_equal(exported(tmp_path / "out", SCANS[0]), files[SCANS[0]])
    assert set(exported(tmp_path / "out", SCANS[1]).tolist()) == {70}


def test_labels_without_any_class_go_out_too(strange, tmp_path: Path):
    root, files = strange
    for number, value in enumerate((0, 52 | 3 << 16)):
        label = np.full(len(files[SCANS[number]]), value, "<u4")
        label.tofile(root / f"sequences/00/labels/{number:06d}.label")
    with opened(tmp_path / "p", root) as project:
        assert import_labels(project, root, Job()) == 2
        assert (project.labels(SCANS[0]) == 252).all()
        export(project, tmp_path / "out", Job())
    wanted = {k: v for k, v in contents(root).items() if k.endswith(".label")}
    assert contents(tmp_path / "out") == wanted


def test_a_byte_has_no_room_for_instances_and_that_is_said(tmp_path: Path):
    write_keyframes(tmp_path / "data", {"scene-1/a": np.full(800, 17, np.uint8)})
    file = tmp_path / "labels/a.label"
    file.parent.mkdir()
    np.full(800, 17 | 5 << 16, "<u4").tofile(file)
    said: list[str] = []
    with opened(tmp_path / "p", tmp_path / "data", ["scene-1"], "nuscenes") as project:
        import_labels(project, file.parent, Job())
        job = Job(lambda report: said.append(report.said) if report.said else None)
        export(project, tmp_path / "out", job)
    (found,) = (tmp_path / "out").rglob("*_lidarseg.bin")
    assert found.read_bytes() == bytes([17]) * 800
    assert "These labels have no room for instances: the classes alone go out." in said


def test_a_merge_changes_the_ids_of_its_class_alone(strange, tmp_path: Path):
    root, files = strange
    with opened(tmp_path / "p", root) as project:
        import_labels(project, root, Job())
        names = project.classes.names
        merge = Merge(names.index("person"), names.index("car"))
        project.use_classes(replace(project.classes, merges=(merge,)))
        export(project, tmp_path / "out", Job())
        rows = np.flatnonzero(files[SCANS[0]] & 0xFFFF == 70)[:20]
        answer(project, SCANS[0], rows, names.index("person"))
        export(project, tmp_path / "more", Job())
    before = files[SCANS[0]]
    people = np.isin(before & 0xFFFF, (30, 254))  # standing and moving
    assert people.any()
    wanted = np.where(people, before & 0xFFFF0000 | 10, before)
    np.testing.assert_array_equal(exported(tmp_path / "out", SCANS[0]), wanted)
    wanted[rows] = 10
    np.testing.assert_array_equal(exported(tmp_path / "more", SCANS[0]), wanted)


def test_what_was_answered_before_the_import_stays(strange, tmp_path: Path):
    root, files = strange
    rows = np.arange(50)
    with opened(tmp_path / "p", root) as project:
        answer(project, SCANS[0], rows, project.classes.names.index("trunk"))
        import_labels(project, root, Job())
        export(project, tmp_path / "out", Job())
    found = exported(tmp_path / "out", SCANS[0])
    assert set(found[rows].tolist()) == {71}
    assert np.array_equal(found[50:], files[SCANS[0]][50:])


def test_a_second_import_adds_what_had_no_class(strange, tmp_path: Path):
    root, files = strange
    late = tmp_path / "late"
    first, second = files[SCANS[0]].copy(), files[SCANS[0]].copy()
    first[:2000] = 0
    second[2000:] = 71 | 5 << 16  # of rows that have a class already
    write_scan(root, SCANS[0], small_scan(0)[0], first)
    write_scan(late, SCANS[0], small_scan(0)[0], second)
    with opened(tmp_path / "p", root) as project:
        import_labels(project, root, Job())
        assert import_labels(project, late, Job()) == 1
        export(project, tmp_path / "out", Job())
        found = exported(tmp_path / "out", SCANS[0])
        none = project.classes.encode(files[SCANS[0]] & 0xFFFF) == 255
    known = ~none
    assert np.array_equal(found[known], files[SCANS[0]][known])


@pytest.mark.parametrize("layout", ["label", "npy", "las", "ply"])
def test_each_layout_comes_in_again(strange, tmp_path: Path, layout: str):
    if layout == "las":
        pytest.importorskip("laspy", reason="laspy is not installed")
    root, files = strange
    with opened(tmp_path / "p", root) as project:
        import_labels(project, root, Job())
        assert export(project, tmp_path / "out", Job(), layout=layout) == 2
    with opened(tmp_path / "again", root) as project:
        assert import_labels(project, tmp_path / "out", Job()) == 2
        export(project, tmp_path / "back", Job())
    for scan, label in files.items():
        assert np.array_equal(exported(tmp_path / "back", scan), label)


def test_predictions_come_in_as_labels(strange, tmp_path: Path, monkeypatch):
    from core import steps

    root, _ = strange
    with opened(tmp_path / "p", root) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), units=2, strategy="random")
        told = {scan: np.full(project.count(scan), 14, np.uint8) for scan in SCANS}
        predict(project, told, monkeypatch)
        export(project, tmp_path / "out", Job(), what="predictions")
        assert import_labels(project, tmp_path / "out", Job()) == 2
        assert (project.labels(SCANS[0]) == 14).all()


def test_the_24_real_scans(tmp_path: Path):
    root = samples("semantickitti")
    names = sorted(path.name for path in (root / "sequences").iterdir())
    with opened(tmp_path / "p", root, names) as project:
        scans = project.dataset.train
        assert import_labels(project, root, Job()) == len(scans) == 24
        export(project, tmp_path / "out", Job())
        found = contents(tmp_path / "out")
        wanted = {
            path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.label")
        }
        assert found == wanted
        raw = np.frombuffer(wanted["sequences/00/labels/000000.label"], "<u4")
        rows = np.flatnonzero(raw & 0xFFFF == 40)[:500]
        answer(project, "sequences/00/velodyne/000000", rows, 16)
        export(project, tmp_path / "out", Job(), what="merged", force=True)
        after = contents(tmp_path / "out")
        assert [name for name in wanted if after[name] != wanted[name]] == [
            "sequences/00/labels/000000.label"
        ]
        changed = np.frombuffer(after["sequences/00/labels/000000.label"], "<u4")
        assert np.flatnonzero(changed != raw).tolist() == rows.tolist()


def test_the_real_keyframes(tmp_path: Path):
    root = samples("nuscenes_samples")
    with opened(tmp_path / "p", root, ["scene_keyframes"], "nuscenes") as project:
        assert import_labels(project, root, Job()) == 12
        assert export(project, tmp_path / "out", Job()) == 12
        wanted = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*_lidarseg.bin")
        }
        assert contents(tmp_path / "out") == wanted
        name = "scene_keyframes/lidarseg/004_lidarseg.bin"
        before = np.frombuffer(wanted[name], "u1")
        rows = np.flatnonzero(before == 24)[:300]
        answer(project, "scene_keyframes/LIDAR_TOP/004", rows, 2)
        export(project, tmp_path / "again", Job())
        after = np.frombuffer(contents(tmp_path / "again")[name], "u1")
        assert np.flatnonzero(after != before).tolist() == rows.tolist()
        assert set(after[rows].tolist()) == {16}


# -- the cases of labels that others have reported ------------------------------------------------


def case(name: str) -> Path:
    path = CASES / name
    if not path.is_dir():
        pytest.skip(f"the cases are not at {CASES}")
    return path


def test_case_of_instances_to_be_repaired(tmp_path: Path):
    root = case("labels-with-instances") / "data"
    with opened(tmp_path / "p", root) as project:
        assert import_labels(project, root, Job()) == 2
        export(project, tmp_path / "out", Job())
    wanted = {k: v for k, v in contents(root).items() if k.endswith(".label")}
    assert contents(tmp_path / "out") == wanted


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("labels-one-short", r"sequences/00/velodyne/\d+ .*are [\d,]+; the scan has [\d,]+ points"),
        ("labels-unknown-id", r"labels of sequences/00/velodyne/\d+ use ids .* know: 100"),
    ],
)
def test_cases_that_are_refused_before_anything_is_written(tmp_path: Path, name: str, says: str):
    root = case(name) / "data"
    with opened(tmp_path / "p", root) as project, pytest.raises(DataError, match=says):
        import_labels(project, root, Job())
    assert not (tmp_path / "p/journals/imported.sqlite").exists()


def test_case_of_a_folder_of_point_labeler(tmp_path: Path):
    root = case("point-labeler-folder") / "data"
    with opened(tmp_path / "p", root, ["velodyne"], "folder", classes="semantickitti") as project:
        plan = plan_import(project, root, Job())
        assert plan.sentences[0] == "2 of 2 training scans have labels there."
        import_labels(project, root, Job())
        export(project, tmp_path / "out", Job())
    for file in (root / "labels").iterdir():
        assert (tmp_path / "out/velodyne" / file.name).read_bytes() == file.read_bytes()


def test_case_of_labels_beside_scans_of_another_length(tmp_path: Path):
    """Its labels are one byte for each point, and ten too few: found, and refused in words."""
    folder = case("labels-beside-scans")
    with (
        opened(
            tmp_path / "p",
            folder / "data",
            ["velodyne"],
            "folder",
            classes=str(folder / "yard.toml"),
        ) as project,
        pytest.raises(DataError, match=r"velodyne/0 .* are 1,552; the scan has 1,562 points"),
    ):
        import_labels(project, folder / "data", Job())
