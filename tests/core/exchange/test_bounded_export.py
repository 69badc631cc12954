"""The journal goes out with a few of its entries in memory, however many it has."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.base.errors import Cancelled, StorageError
from core.base.files import hash_file, write_pieces
from core.base.jobs import Job, Progress
from core.exchange.export import export
from core.project.project import Project
from tests.benchmarks.large import large_project

ENTRIES = (300, 1200)


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Projects of few and of four times as many answers, of 300 rows each."""
    made = []
    for answers in ENTRIES:
        place = tmp_path_factory.mktemp(f"of {answers}")
        large_project(place / "p", place / "scans", scans=24, units_per_scan=50, answers=answers)
        made.append(place / "p")
    return made


def peak_of(run: Callable[[], object]) -> int:
    """Bytes that Python's objects take at most while it runs, above those before."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_entries(projects: list[Path], tmp_path: Path):
    peaks = []
    for path in projects:
        with Project(path, read_only=True) as project:
            out = tmp_path / path.parent.name
            peaks.append(peak_of(lambda p=project, o=out: export(p, o, Job(), what="journal")))
    # A page of 100 entries, their rows and a line: of all 900 more it was 12 MB.
    assert peaks[1] - peaks[0] < 1_000_000
    assert peaks[1] < 2_000_000


def test_every_entry_is_a_line_and_the_manifest_has_their_hash(
    projects: list[Path], tmp_path: Path
):
    told: list[Progress] = []
    with Project(projects[1], read_only=True) as project:
        export(project, tmp_path, Job(told.append, interval_s=0), what="journal")
        wanted = list(project.answers.entries())
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert len(wanted) == ENTRIES[1]
    assert [(line["seq"], line["rows"]) for line in lines] == [
        (entry.seq, entry.rows.tolist()) for entry in wanted
    ]
    manifest = json.loads((tmp_path / ".lidarloop-export.json").read_text())
    assert manifest["files"] == {"journal.jsonl": hash_file(tmp_path / "journal.jsonl")}
    assert (told[0].done, told[0].total) == (1, ENTRIES[1])


@pytest.mark.slow
def test_a_second_export_is_compared_piece_by_piece(projects: list[Path], tmp_path: Path):
    with Project(projects[1], read_only=True) as project:
        export(project, tmp_path, Job(), what="journal")
        before = (tmp_path / "journal.jsonl").read_bytes()
        peak = peak_of(lambda: export(project, tmp_path, Job(), what="journal"))
    assert peak < 4_000_000
    assert (tmp_path / "journal.jsonl").read_bytes() == before


def test_a_cancelled_export_leaves_no_part(projects: list[Path], tmp_path: Path):
    job = Job()

    def stop(report: Progress) -> None:
        if report.done > 500:
            job.cancel()

    job._listener, job._interval_s = stop, 0.0
    with Project(projects[1], read_only=True) as project, pytest.raises(Cancelled):
        export(project, tmp_path, job, what="journal")
    assert not (tmp_path / "journal.jsonl").exists()
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize("error", [OSError(28, "full"), ValueError("no piece"), KeyboardInterrupt])
def test_pieces_that_fail_leave_the_old_file(error, tmp_path: Path):
    path = tmp_path / "a.txt"
    assert write_pieces(path, [b"old ", b"file"]) == hash_file(path)

    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise error

    with pytest.raises(StorageError if isinstance(error, OSError) else BaseException):
        write_pieces(path, pieces())
    assert path.read_bytes() == b"old file"
    assert list(tmp_path.iterdir()) == [path]
