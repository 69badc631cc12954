"""What full disks, kills, vanishing files and mutations found, each once more in small."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.answers.answers import Answers
from core.answers.effort import Effort
from core.answers.entry import ScanRef
from core.answers.journal import Journal
from core.base import files
from core.base.bounded import map_npy
from core.base.errors import DataError, ProjectError, StorageError
from core.base.files import hash_input
from core.base.jobs import Job
from core.cli import doctor
from core.cli.mend import mend
from core.exchange.export import export
from core.exchange.given import read_probabilities
from core.exchange.outbox import LOG, MANIFEST
from core.project.project import Project
from core.rounds.log import read_log
from tests.damaged import with_all_files
from tests.places import MAIN
from tests.streets import small_project

SCAN = ScanRef("s", 300, "h")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_all_files(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "p")
    return tmp_path / "p"


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# -- what is printed -------------------------------------------------------------------------------

CONTROLS = ("\x1b[2J", "\x1b]0;x\x07", "\x9b31m", "a\rb", "\x08\x08", "\x00", "\x7f")


@pytest.mark.parametrize("text", CONTROLS)
def test_no_sentence_holds_what_a_terminal_obeys(text: str):
    error = ProjectError(f"{text} is wrong.", f"Mend {text}.\nThen again.")
    for said in (error.what, error.do, str(error)):
        assert all(ord(sign) >= 32 or sign == "\n" for sign in said)
        assert "\x7f" not in said
        assert "\x9b" not in said


def run(path: Path, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(MAIN), words[0], str(path), *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_what_a_project_is_called_is_written_out(path: Path):
    evil = path.with_name("\x1b[2Jp")
    path.rename(evil)
    done = run(evil, "status")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "\\x1b[2Jp" in done.stdout


LATER = pytest.mark.slow


@pytest.mark.parametrize(
    "closed", [(0, 1, 2), pytest.param((1,), marks=LATER), pytest.param((2,), marks=LATER)]
)
def test_closed_streams_are_no_fault_and_no_file_takes_their_place(path: Path, closed: tuple):
    kept = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    done = run(path, "status", preexec_fn=lambda: [os.close(handle) for handle in closed])
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    after = {file: file.read_bytes() for file in kept if file.exists()}
    assert {f: d for f, d in kept.items() if "-shm" not in f.name} == {
        f: d for f, d in after.items() if "-shm" not in f.name
    }


# -- full disks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["core.base.files.os.replace", "core.answers.journal.sqlite3"])
def test_a_new_project_that_was_stopped_leaves_nothing(
    tmp_path: Path, small_street: Path, monkeypatch, place: str
):
    with monkeypatch.context() as patch:
        if place.endswith("replace"):
            real, calls = os.replace, []

            def second(*names: object) -> None:
                calls.append(names)
                full() if len(calls) == 2 else real(*names)

            patch.setattr(files.os, "replace", second)
        else:
            patch.setattr(Journal, "_prepare", full)
        with pytest.raises(StorageError):
            small_project(tmp_path / "new", small_street)
    small_project(tmp_path / "new", small_street).close()


def count(file: Path) -> int:
    """Entries in a journal's table, whole or not."""
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT count(*) FROM entries").fetchone()[0]


def damaged_journal(folder: Path) -> Path:
    with closing(Answers.open(folder, "ann")) as answers:
        for number in range(30):
            rows = np.arange(100)
            answers.answer(
                SCAN, rows, rows.astype(np.uint8), round="", unit=f"s#c{number}", effort=Effort()
            )
    file = folder / "ann.sqlite"
    with closing(Journal(file, "ann")) as journal:
        journal._database.execute("UPDATE entries SET time = 'x' WHERE seq = 3")
    return file


def test_a_journal_that_cannot_be_salvaged_for_want_of_room_stays_in_its_place(
    tmp_path: Path, monkeypatch
):
    """Its damaged content was moved aside first, and an empty journal stood there."""
    file = damaged_journal(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "take_rows", full)
        with pytest.raises((ProjectError, OSError)):
            Answers.open(tmp_path, "ann")
    assert count(file) == 30
    assert not list(tmp_path.glob("*.damaged*"))
    with closing(Answers.open(tmp_path, "ann")) as again:
        assert len(again.effective) == 29
    (kept,) = (p for p in tmp_path.glob("*.damaged*") if not p.name.endswith(("-wal", "-shm")))
    assert count(kept) == 30


def test_an_export_that_was_stopped_goes_on(path: Path, tmp_path: Path, monkeypatch):
    """Its list of files was written last: what it had written was nobody's."""
    out = tmp_path / "out"
    with Project(path, read_only=True) as project:
        export(project, tmp_path / "whole", Job())
        real, calls = os.replace, []

        def third_on(*names: object) -> None:
            calls.append(names)
            full() if len(calls) > 2 else real(*names)

        with monkeypatch.context() as patch:
            patch.setattr(files.os, "replace", third_on)
            with pytest.raises(StorageError):
                export(project, out, Job())
        assert len(list(out.rglob("*.label"))) == 1
        export(project, out, Job())
    for file in (tmp_path / "whole").rglob("*.label"):
        other = out / file.relative_to(tmp_path / "whole")
        assert other.read_bytes() == file.read_bytes()
    assert sorted(file.name for file in out.glob(".*")) == [MANIFEST]


def test_what_another_wrote_after_an_export_was_stopped_stays(path: Path, tmp_path: Path):
    out = tmp_path / "out"
    with Project(path, read_only=True) as project:
        export(project, out, Job())
        (first, *_) = sorted(out.rglob("*.label"))
        name = first.relative_to(out).as_posix()
        first.write_bytes(b"mine")
        manifest = json.loads((out / MANIFEST).read_text())
        logged = [name, manifest["files"].pop(name), ""]
        (out / LOG).write_text(json.dumps(logged))
        (out / MANIFEST).write_text(json.dumps(manifest))
        for other in out.rglob("*.label"):
            if other != first:
                other.unlink()
        for force in (False, True):
            with pytest.raises(ProjectError, match="no export wrote it as it is"):
                export(project, out, Job(), force=force)
        assert first.read_bytes() == b"mine"


# -- what doctor finds -----------------------------------------------------------------------------

MADE = (
    "poses/**/*.json",
    "rounds/001-*/log.json",
    "rounds/001-*/scores/feature.npy",
    "units/*/shapes.npy",
    "cache/**/000001.npz",
    "drawings/*.npz",
)


@pytest.mark.parametrize("pattern", MADE)
def test_doctor_finds_what_can_be_made_again_and_mends_it(path: Path, pattern: str):
    assert all(finding.good is not False for finding in doctor.integrity(path, Job()))
    (file,) = path.glob(pattern)
    file.write_bytes(file.read_bytes()[:30])
    bad = [finding for finding in doctor.integrity(path, Job()) if finding.good is False]
    assert file.name in " ".join(finding.text for finding in bad)
    assert list(mend(path))
    assert all(finding.good is not False for finding in doctor.integrity(path, Job()))


def test_doctor_finds_an_index_that_misses_entries_and_mends_it(path: Path):
    """Labels of a scan are read by it: some would be missing without a word."""
    (file,) = path.glob("journals/*.sqlite")
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        (size,) = database.execute("PRAGMA page_size").fetchone()
    data = file.read_bytes()
    pages = [data[at : at + size] for at in range(0, len(data), size)]
    changed = [
        page.replace(b"sequences", b"sequencex") if page[0] == 0x0A else page for page in pages
    ]
    assert changed != pages
    file.write_bytes(b"".join(changed))
    with Project(path, read_only=True) as project:
        assert not any(project.answers.of_scan(scan) for scan in project.dataset.train)
    bad = [finding for finding in doctor.integrity(path, Job()) if finding.good is False]
    assert "is damaged" in bad[0].text
    assert list(mend(path))
    assert all(finding.good is not False for finding in doctor.integrity(path, Job()))
    with Project(path, read_only=True) as project:
        assert any(project.answers.of_scan(scan) for scan in project.dataset.train)


# -- readers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["x", [], [1], {"epoch": "1"}, {"epoch": 1, "loss": "x"}])
def test_a_log_of_other_things(tmp_path: Path, value: object):
    (tmp_path / "log.json").write_text(json.dumps({"epochs": [value]}))
    with pytest.raises(ProjectError, match=r"log\.json"):
        read_log(tmp_path / "log.json")


def test_a_header_is_read_without_a_warning(tmp_path: Path):
    """numpy repairs what Python 2 wrote, and says so on the terminal."""
    np.save(tmp_path / "a.npy", np.zeros(5, np.float32))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data.replace(b"(5,), ", b"(5L,),"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SyntaxError):
            map_npy(tmp_path / "a.npy")


def test_probabilities_of_another_scan_are_not_unpacked(tmp_path: Path):
    np.savez_compressed(tmp_path / "a.npz", probabilities=np.zeros((2_000_000, 4), np.float32))
    with pytest.raises(DataError, match="the scan has 50 points"):
        read_probabilities(tmp_path / "a.npz", 50)


def test_a_file_that_vanished_is_told(tmp_path: Path):
    with pytest.raises(DataError, match="cannot be read"):
        hash_input(tmp_path / "a")
