"""An export never overwrites what it did not write, whatever leads there."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job
from core.exchange.export import export
from core.exchange.outbox import LOG, MANIFEST, ExistsError, Outbox
from core.project.project import Project
from tests.core.exchange.label_exports import NAMES, write_labels
from tests.exchanged import answer, contents

SCAN = "sequences/00/velodyne/000000"
LABEL = "sequences/00/labels/000000.label"


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


@pytest.mark.parametrize("below", [".", "rounds", "new/folder"])
def test_the_projects_own_folder(project: Project, below: str):
    for what in ("labels", "journal"):
        with pytest.raises(ProjectError, match="is the project's folder or lies in it"):
            export(project, project.path / below, Job(), what=what, force=True)
    assert not list(project.path.rglob(MANIFEST))


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
