"""An export never overwrites what it did not write, whatever leads there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job
from core.data.formats import _known
from core.data.formats.folder import Folder
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.exchange.outbox import LOG, MANIFEST, ExistsError, Outbox
from core.exchange.raw_labels import packed
from core.project.project import Project
from tests.exchanged import answer, contents, write_keyframes
from tests.streets import small_scan, write_scan

SCAN = "sequences/00/velodyne/000000"
LABEL = "sequences/00/labels/000000.label"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for seed in range(2):
        write_scan(tmp_path / "data", f"sequences/00/velodyne/{seed:06d}", *small_scan(seed))
    return tmp_path / "data"


@pytest.fixture
def project(tmp_path: Path, root: Path):
    with Project.create(
        tmp_path / "p", format="semantickitti", root=root, train=["00"], preset="laptop"
    ) as project:
        for scan in project.dataset.train:
            answer(project, scan, np.arange(500), 3)
        yield project


def refused(project: Project, out: Path, kept: Path, says: str, **more) -> None:
    """`out` is refused, with and without force, and not a byte below `kept` changes."""
    before = contents(kept)
    for force in (False, True):
        with pytest.raises(ProjectError, match=says) as caught:
            export(project, out, Job(), force=force, **more)
        assert not isinstance(caught.value, ExistsError)
        assert contents(kept) == before
    assert not (kept / MANIFEST).exists()


@pytest.mark.parametrize("what", ["labels", "panoptic", "journal"])
@pytest.mark.parametrize("below", [".", "sequences", "new/folder", "sequences/../x"])
def test_the_data_root_and_all_below_it(project: Project, root: Path, what: str, below: str):
    refused(project, root / below, root, "source scans are read only", what=what)


def test_links_to_the_data_root(project: Project, root: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(root)
    (tmp_path / "inner").symlink_to(root / "sequences/00")
    for out in ("link", "link/new", "inner", "inner/../.."):
        refused(project, tmp_path / out, root, "read only")


@pytest.mark.parametrize("part", ["sequences", "sequences/00", "sequences/00/labels"])
@pytest.mark.parametrize("what", ["labels", "panoptic"])
def test_a_folder_in_out_that_links_into_the_dataset(
    project: Project, root: Path, tmp_path: Path, part: str, what: str
):
    out = tmp_path / "out"
    (out / part).parent.mkdir(parents=True)
    (out / part).symlink_to(root / part)
    refused(project, out, root, "link|among the scans", what=what)


def test_a_label_file_in_out_that_is_a_link(project: Project, root: Path, tmp_path: Path):
    out = tmp_path / "out"
    (out / LABEL).parent.mkdir(parents=True)
    for target in (root / LABEL, tmp_path / "nowhere"):
        (out / LABEL).symlink_to(target)
        refused(project, out, root, "link leads to")
        (out / LABEL).unlink()
    assert not (tmp_path / "nowhere").exists()


def test_a_copy_of_the_dataset(project: Project, root: Path, tmp_path: Path):
    shutil.copytree(root, tmp_path / "copy")
    refused(project, tmp_path / "copy", tmp_path / "copy", "no export wrote it")
    linked = tmp_path / "linked"
    shutil.copytree(root, linked, copy_function=os.link)
    refused(project, linked, linked, "no export wrote it")
    assert contents(root) == contents(linked)


def test_a_dataset_whose_sequence_lies_elsewhere(tmp_path: Path, root: Path):
    """The data root holds a link; what it leads to is the dataset too."""
    real = tmp_path / "disk"
    (root / "sequences/00").rename(tmp_path / "moved")
    real.joinpath("sequences").mkdir(parents=True)
    (tmp_path / "moved").rename(real / "sequences/00")
    (root / "sequences/00").symlink_to(real / "sequences/00")
    shutil.rmtree(real / "sequences/00/labels")
    with Project.create(
        tmp_path / "p2", format="semantickitti", root=root, train=["00"], preset="laptop"
    ) as project:
        answer(project, SCAN, np.arange(500), 3)
        refused(project, real, real, "among the scans")


def test_a_file_of_somebody_else_alone(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    (out / LABEL).parent.mkdir(parents=True)
    (out / LABEL).write_bytes(b"mine")
    refused(project, out, out, "no export wrote it")
    (out / LABEL).unlink()
    (out / LABEL).mkdir()
    refused(project, out, out, "no export wrote it")
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(ProjectError, match="is a file"):
        export(project, tmp_path / "file", Job())


def test_an_earlier_export_is_replaced_by_force_alone(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    export(project, out, Job())
    (out / "notes.txt").write_text("mine")
    first = contents(out)
    answer(project, SCAN, np.arange(500), 9)
    with pytest.raises(ExistsError, match="earlier export"):
        export(project, out, Job())
    assert contents(out) == first
    assert export(project, out, Job(), force=True) == 2
    project.answers.undo()
    with pytest.raises(ExistsError, match="earlier export"):
        export(project, out, Job())
    assert export(project, out, Job(), force=True) == 2
    assert contents(out) == first
    answer(project, SCAN, np.arange(500), 9)
    export(project, out, Job(), force=True)
    after = contents(out)
    assert [name for name in first if first[name] != after[name]] == [LABEL]
    assert export(project, out, Job(), what="journal") == 1


def test_what_changes_nothing_needs_no_force(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    export(project, out, Job())
    first = contents(out)
    assert export(project, out, Job()) == 2
    assert contents(out) == first


def test_labels_that_were_taken_back_do_not_stay_behind(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    export(project, out, Job())
    project.answers.undo()  # of the second scan
    with pytest.raises(ExistsError):
        export(project, out, Job())
    assert export(project, out, Job(), force=True) == 1
    assert list(contents(out)) == [LABEL]


def test_an_export_that_was_changed_since_is_not_its_own(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    export(project, out, Job())
    labels = np.fromfile(out / LABEL, "<u4")
    labels[0] = 99  # repaired by hand
    labels.tofile(out / LABEL)
    before = contents(out)
    with pytest.raises(ProjectError, match="no export wrote it as it is"):
        export(project, out, Job(), force=True)
    assert contents(out) == before


@pytest.mark.parametrize("force", [False, True])
def test_boxes_of_people_and_of_a_detector_are_not_mixed(project: Project, tmp_path: Path, force):
    """Their files look the same, and are of other frames."""

    def write(boxes: str, name: str, content: bytes = b"Car") -> None:
        with Outbox(tmp_path / "out", project, force=force, boxes=boxes) as box:
            box.check([name])
            box.write_all(lambda: [(name, content)])

    write("", "label_2/0.txt")  # as an earlier version wrote it
    with pytest.raises(ExistsError) if not force else nullcontext():
        write("people drew", "label_2/0.txt", b"Van")
    write("people drew", "label_2/0.txt", b"Car" if not force else b"Van")
    with pytest.raises(ProjectError, match="holds boxes that people drew: those that a detector"):
        write("a detector found", "label_2/1.txt")
    write("people drew", "label_2/2.txt")
    write("", "labels/0.label")
    with pytest.raises(ProjectError, match="holds boxes that people drew"):
        write("a detector found", "label_2/1.txt")


def test_a_refused_export_claims_no_folder(project: Project, tmp_path: Path):
    def write(boxes: str, content: bytes) -> None:
        with Outbox(tmp_path / "out", project, boxes=boxes) as box:
            box.check(["boxes.csv"])
            box.write_all(lambda: [("boxes.csv", content)])

    write("", b"1")  # as an earlier version wrote it
    with pytest.raises(ExistsError):
        write("a detector found", b"2")
    write("people drew", b"1")


def test_files_of_an_earlier_export_go_with_what_replaces_it(project: Project, tmp_path: Path):
    out = tmp_path / "out"

    def write(names: list[str], *, force: bool = False, kind: str = "kitti", stop: bool = False):
        with Outbox(out, project, force=force, kind=kind) as box:
            box.check(names)
            box.write_all(lambda: [(name, b"Car") for name in names[: -1 if stop else None]])
            if stop:
                raise Cancelled

    write(["label_2/0.txt", "label_2/1.txt", "calib/0.txt"])
    write(["boxes.csv"], kind="csv")  # of another kind: beside them
    write(["calib/drive.txt"], kind="kitti-tracking")
    with pytest.raises(Cancelled):
        write(["label_2/0.txt", "label_2/1.txt", "calib/0.txt", "label_2/own.txt"], stop=True)
    (out / "label_2/own.txt").write_text("mine")
    with pytest.raises(ExistsError, match=r"label_2/1\.txt is one more"):
        write(["label_2/0.txt", "calib/0.txt"])
    assert (out / "label_2/1.txt").exists()
    write(["label_2/0.txt", "calib/0.txt"], force=True)
    left = {str(file.relative_to(out)) for file in out.rglob("*.*") if file.name != MANIFEST}
    label = {"label_2/0.txt", "label_2/own.txt"}
    assert left == label | {"calib/0.txt", "calib/drive.txt", "boxes.csv"}
    write(["label_2/0.txt", "label_2/1.txt", "calib/0.txt"])
    (out / "label_2/1.txt").write_text("changed")
    with pytest.raises(ProjectError, match="no export wrote it as it is"):
        write(["label_2/0.txt"], force=True)


NAMES = [f"label_2/{k}.txt" for k in range(4)]


def write_labels(
    project: Project, out: Path, names: list[str], content: bytes, *, force: bool = False
) -> None:
    with Outbox(out, project, force=force, kind="kitti") as box:
        box.check(names)
        box.write_all(lambda: [(name, content) for name in names])


def kill_after(project: Project, out: Path, many: int, content: bytes, *, force: bool) -> None:
    """An export that ends behind so many files as if it were killed: nothing is put in order."""

    def made() -> Iterator[tuple[str, bytes]]:
        yield from [(name, content) for name in NAMES[:many]]
        raise Killed

    box = Outbox(out, project, force=force, kind="kitti")
    box.check(NAMES)
    with pytest.raises(Killed):
        box.write_all(made)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("many", range(1, 5))
def test_an_export_that_was_killed_while_it_replaced_another_goes_on(
    project: Project, tmp_path: Path, many: int
):
    out = tmp_path / "out"
    write_labels(project, out, NAMES, b"Car")
    kill_after(project, out, many, b"Van", force=True)
    with pytest.raises(ExistsError) if many < 4 else nullcontext():
        write_labels(project, out, NAMES, b"Van")
    write_labels(project, out, NAMES, b"Van", force=True)
    assert {(out / name).read_bytes() for name in NAMES} == {b"Van"}
    (out / NAMES[0]).write_bytes(b"mine")
    with pytest.raises(ProjectError, match="no export wrote it as it is"):
        write_labels(project, out, NAMES, b"Tram", force=True)


@pytest.mark.parametrize("renamed", [True, False])
def test_an_export_that_is_stopped_beside_the_moment_of_a_name_goes_on(
    project: Project, tmp_path: Path, monkeypatch, renamed: bool
):
    out = tmp_path / "out"
    write_labels(project, out, NAMES, b"Car")
    whole = os.replace

    def stopped(source: Path, place: Path) -> None:
        if Path(place).name != "1.txt":
            whole(source, place)
            return
        if renamed:
            whole(source, place)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_labels(project, out, NAMES, b"Van", force=True)
    monkeypatch.undo()
    assert not (out / LOG).exists()
    if not renamed:  # an edit of what it did not come to is somebody's
        (out / NAMES[1]).write_bytes(b"mine")
        with pytest.raises(ProjectError, match="no export wrote it as it is"):
            write_labels(project, out, NAMES, b"Van", force=True)
        (out / NAMES[1]).write_bytes(b"Car")
    write_labels(project, out, NAMES, b"Van", force=True)
    assert not (out / LOG).exists()


def test_what_a_killed_export_left_lies_in_no_smaller_one(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    kill_after(project, out, 3, b"Car", force=False)
    (out / LOG).write_text((out / LOG).read_text() + '["label_2/3.txt", "a')  # it was at that
    with pytest.raises(ExistsError, match=r"label_2/1\.txt is one more"):
        write_labels(project, out, NAMES[:1], b"Car")
    assert sorted(contents(out)) == NAMES[:3]
    write_labels(project, out, NAMES[:1], b"Car", force=True)
    assert sorted(contents(out)) == NAMES[:1]


def test_an_export_that_is_killed_again_and_again_knows_its_files(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    for content in (b"Car", b"Van", b"Tram"):
        kill_after(project, out, 1, content, force=True)
        (out / LOG).write_text((out / LOG).read_text() + '["label_2/1.txt", "a')
    write_labels(project, out, NAMES, b"Misc", force=True)
    assert {(out / name).read_bytes() for name in NAMES} == {b"Misc"}


@pytest.mark.parametrize("exported", [False, True])
def test_nothing_of_somebody_else_is_lost_after_a_kill(
    project: Project, tmp_path: Path, exported: bool
):
    """Neither a file of a name that the export did not come to, nor an edit of an earlier one."""
    out = tmp_path / "out"
    if exported:
        write_labels(project, out, NAMES, b"Car")
    kill_after(project, out, 2, b"Van", force=exported)
    (out / NAMES[3]).write_bytes(b"mine")
    for force, names in ((False, NAMES), (True, NAMES), (False, NAMES[:1]), (True, NAMES[:1])):
        with suppress(ProjectError):
            write_labels(project, out, names, b"Van", force=force)
        assert (out / NAMES[3]).read_bytes() == b"mine"


def test_a_file_that_a_stopped_export_never_wrote_is_not_its_own(project: Project, tmp_path: Path):
    out = tmp_path / "out"

    def cancelled() -> None:
        def made() -> Iterator[tuple[str, bytes]]:
            yield NAMES[0], b"Car"
            raise Cancelled

        with Outbox(out, project, kind="kitti") as box:
            box.check(NAMES)
            box.write_all(made)

    with pytest.raises(Cancelled):
        cancelled()
    (out / NAMES[3]).write_bytes(b"mine")
    for force in (False, True):
        with pytest.raises(ProjectError, match=r"3\.txt is there already"):
            write_labels(project, out, NAMES, b"Car", force=force)
    assert (out / NAMES[3]).read_bytes() == b"mine"


@pytest.mark.parametrize("below", [".", "rounds", "new/folder"])
def test_the_projects_own_folder(project: Project, below: str):
    for what in ("labels", "journal"):
        with pytest.raises(ProjectError, match="is the project's folder or lies in it"):
            export(project, project.path / below, Job(), what=what, force=True)
    assert not list(project.path.rglob(MANIFEST))


def test_what_a_stopped_export_wrote_is_its_own(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    job = Job(lambda _: job.cancel(), interval_s=0)
    with pytest.raises(Cancelled):
        export(project, out, job)
    assert list(out.rglob("*.label"))
    assert export(project, out, Job(), force=True) == 2


@pytest.mark.parametrize("more", [{"kinds": {"a": [1]}}, {"kinds": []}, {"boxes": 1}], ids=str)
def test_of_a_manifest_what_makes_no_sense_is_passed_over(project: Project, tmp_path: Path, more):
    out = tmp_path / "out"
    write_labels(project, out, NAMES, b"Car")
    stored = json.loads((out / MANIFEST).read_text())
    (out / MANIFEST).write_text(json.dumps(stored | more))
    (out / LOG).write_text('1\n[1, 2, 3]\n["a", "b"]\n\0\n["label_2/9.txt", "a", "kitti"]\n')
    write_labels(project, out, NAMES, b"Van", force=True)


@pytest.mark.parametrize("text", ["", "[]", '{"files": {"a": 1}}', '{"version": 1}', "\0"])
def test_a_damaged_manifest_is_said(project: Project, tmp_path: Path, text: str):
    out = tmp_path / "out"
    export(project, out, Job())
    (out / MANIFEST).write_text(text)
    before = contents(out)
    with pytest.raises(ProjectError):
        export(project, out, Job(), force=True)
    assert contents(out) == before


# -- names that come from data --------------------------------------------------------------------


@pytest.mark.parametrize(
    "token", ["../../../gone", "a/../../../../gone", "/tmp/lidarloop-gone", "x\0y", "a" * 300]
)
def test_tokens_of_tables_lead_nowhere(tmp_path: Path, token: str):
    root = tmp_path / "data"
    write_keyframes(root, {"scene-1/a": np.full(800, 17, np.uint8)})
    for name in ("sample_data", "lidarseg"):
        file = root / "v1.0-mini" / f"{name}.json"
        rows = json.loads(file.read_text())
        rows[0]["token"] = token
        file.write_text(json.dumps(rows))
    before = contents(tmp_path / "data")
    with pytest.raises(ProjectError, match=r"name a file elsewhere.* is no name of a file"):
        Project.create(
            tmp_path / "p", format="nuscenes", root=root, train=["scene-1"], preset="nuscenes"
        )
    assert contents(tmp_path / "data") == before
    assert not list(tmp_path.rglob("*gone*"))
    assert not Path("/tmp/lidarloop-gone_lidarseg.bin").exists()


class Hostile(Folder):
    """An installed format whose answers a test chooses."""

    name = "hostile"
    classes = "semantickitti"
    file: object = ("a.label", np.dtype("<u4"))
    found: object = None

    def label_file(self, root, scan):
        return self.file

    def labels(self, root, scan):
        return self.found


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch):
    made = Hostile()
    monkeypatch.setitem(_known().usable, "hostile", made)
    (tmp_path / "scans").mkdir()
    np.save(tmp_path / "scans/a.npy", small_scan(0)[0])
    with Project.create(
        tmp_path / "p", format="hostile", root=tmp_path / "scans", train=["."], preset="laptop"
    ) as project:
        answer(project, "a", np.arange(10), 3)
        yield made, project


@pytest.mark.parametrize(
    "file",
    [
        ("../gone.label", "<u4"),
        ("/tmp/gone.label", "<u4"),
        ("a\0", "<u4"),
        ("", "<u4"),
        ("a.label", "<f4"),
        ("a.label", "no dtype"),
        ("a.label", None),
        (7, "<u4"),
        "a.label",
        None,
        ("a.label", "<u4", 1),
    ],
    ids=repr,
)
def test_what_installed_formats_say_of_label_files(hostile, tmp_path: Path, file: object):
    made, project = hostile
    made.file = file
    for what in ("labels", "panoptic"):
        with pytest.raises(ProjectError) as caught:
            export(project, tmp_path / "out", Job(), what=what)
        assert "\n" not in caught.value.what
    assert not list(tmp_path.rglob("*.label"))


@pytest.mark.parametrize(
    "found",
    [
        np.zeros((4960, 2), np.uint32),
        np.zeros(4960),
        np.full(4960, -1),
        np.array(["a"] * 4960),
        np.zeros(0, np.uint32),
        "labels",
        [1, 2],
        {"a": 1},
    ],
    ids=range(8),
)
def test_what_installed_formats_give_as_labels(hostile, found: object):
    made, project = hostile
    made.found = found
    with pytest.raises(ProjectError):
        import_labels(project, project.root, Job())


def test_an_id_that_does_not_fit_is_refused_where_it_is_packed():
    """Class lists of today refuse it; an imported label or an old list may still have it."""
    raw = np.array([255, 300, 7], np.uint32)
    assert packed(raw[:1], np.dtype("u1"), "a") == b"\xff"
    with pytest.raises(ProjectError, match="labels of a have the id 300"):
        packed(raw, np.dtype("u1"), "a")


def test_an_id_that_does_not_fit_is_refused(tmp_path: Path, root: Path):
    text = 'name = "yard"\n[[class]]\nname = "crane"\ncolour = "#ffcc00"\nraw = {}\n'
    for raw, format, says in ((70000, "semantickitti", "labels hold 0 to"), (300, "nuscenes", "")):
        classes = tmp_path / f"{raw}.toml"
        classes.write_text(text.format(7))
        if format == "nuscenes":
            root = tmp_path / "keys"
            write_keyframes(root, {"scene-1/a": np.full(800, 17, np.uint8)})
        train = ["scene-1"] if format == "nuscenes" else ["00"]
        options = {"format": format, "root": root, "train": train, "preset": "laptop"}
        Project.create(tmp_path / f"p{raw}", **options, classes=str(classes)).close()
        file = tmp_path / f"p{raw}" / "classes.toml"  # as an older version let it pass
        file.write_text(file.read_text().replace("raw = 7", f"raw = {raw}"))
        classes.write_text(text.format(raw))
        with pytest.raises(ProjectError, match="crane has the raw id"):
            Project.create(tmp_path / f"q{raw}", **options, classes=str(classes))
        assert not (tmp_path / f"q{raw}").exists()
        with Project(tmp_path / f"p{raw}") as project:
            answer(project, project.dataset.train[0], np.arange(10), 0)
            with pytest.raises(ProjectError, match=says or "has the id 300|have the id 300"):
                export(project, tmp_path / f"out{raw}", Job())
            assert not contents(tmp_path / f"out{raw}")
