"""An export that is killed or stopped goes on, and nothing of somebody else is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job
from core.exchange.export import export
from core.exchange.outbox import LOG, ExistsError, Outbox
from core.project.project import Project
from tests.core.exchange.label_exports import NAMES, write_labels
from tests.exchanged import contents


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


def test_what_a_stopped_export_wrote_is_its_own(project: Project, tmp_path: Path):
    out = tmp_path / "out"
    job = Job(lambda _: job.cancel(), interval_s=0)
    with pytest.raises(Cancelled):
        export(project, out, job)
    assert list(out.rglob("*.label"))
    assert export(project, out, Job(), force=True) == 2
