"""`doctor --mend`: the good part of a project's files is kept, the damaged ones beside it.

Only what can be made again or read in parts is touched: journals keep each entry that is whole,
derived files are set aside, so that the step which makes them makes them again. Settings and class
lists are a person's: they are only told.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from core.answers.drawings import read_drawing
from core.answers.entry import IN_TABLE
from core.answers.journal import Journal, put_good_part
from core.answers.journal_file import check_layout, connect, version_of
from core.answers.ledger import circles
from core.answers.log_rescue import rescue_log
from core.answers.salvage import kept_name, last_number, put_aside, readable
from core.base.errors import ProjectError
from core.base.files import writer_lock
from core.cli.finding import Finding
from core.data.own_poses import FOLDER as OWN_POSES
from core.data.own_poses import read_own_file
from core.prepare.report import read_report
from core.prepare.units import POINTER, Units, map_shapes, shapes_file
from core.project.pointer import units_now
from core.project.project_file import read_project_file
from core.rounds.log import read_log
from core.rounds.predictions import read_prediction
from core.rounds.round import GIVEN, LOG, METRICS, QUERY, Round, read_given
from core.rounds.scores import check_stored
from core.rounds.wrong import WRONG, check_wrong

_AGAIN = "The step that makes it makes it again; no answer is lost."
_SEQ = IN_TABLE.index("seq")
_ABOUT = "scores/scores.json"
_LEFT = ("*.sqlite.new*", ".*.tmp")  # what a program that was killed was building


def journals(folder: Path) -> Iterator[Finding]:
    """What is wrong with each journal of a project: one finding for each, good ones too."""
    for path in sorted((folder / "journals").glob("*.sqlite")):
        name = f"journal {path.stem}"
        try:
            with closing(Journal(path, path.stem, read_only=True)) as journal:
                if journal.damage is not None:
                    yield Finding(name, None, journal.damage)
                heads = journal.heads()
                with connected(path) as (database, version):
                    whole = {row[_SEQ] for row in readable(database, version)}
                    sound = _soundness(database)
        except ProjectError as error:
            yield Finding(name, False, error.what)
            continue
        found = circles(heads)
        lost = [head.seq for head in heads if head.seq not in whole]
        if lost:
            text = f"Entry {lost[0]} is damaged, {len(lost):,} of {len(heads):,} are"
            yield Finding(name, False, text)
        elif sound != "ok":
            yield Finding(name, False, f"{path.name} is damaged: {sound[:200]}")
        elif found:
            first = found[0]
            yield Finding(
                name,
                None,
                f"{len(found):,} undos take back themselves or a later entry, number {first.seq} "
                "for one: they count for nothing",
            )
        else:
            yield Finding(name, True, f"{len(heads):,} entries, all readable")
    for pattern in _LEFT:
        for path in sorted(folder.rglob(pattern)):
            yield Finding("left over", None, f"{path.relative_to(folder)}: half of a file")


def _soundness(database: sqlite3.Connection) -> str:
    """What SQLite finds wrong, "ok" for nothing: also an index that leads to other entries."""
    try:
        return str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return str(error)


class connected:
    """A journal's file, opened to be read in parts: use in a `with`."""

    def __init__(self, path: Path) -> None:
        self._database, self._aside = connect(path, read_only=True)

    def __enter__(self) -> tuple[sqlite3.Connection, int]:
        return self._database, version_of(self._database)

    def __exit__(self, *_: object) -> None:
        self._database.close()
        if self._aside is not None:
            shutil.rmtree(self._aside, ignore_errors=True)


def mend(folder: Path) -> Iterator[str]:
    """Mend what can be mended of a project nobody has open; a sentence for each thing done.

    Raises ProjectError where it is no project, or somebody has it open.
    """
    read_project_file(folder)
    with writer_lock(folder):
        for finding in list(journals(folder)):
            if finding.good is False:
                path = folder / "journals" / f"{finding.name.removeprefix('journal ')}.sqlite"
                yield _mend_journal(path)
        for path, _ in list(_broken(folder)):
            kept = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
            path.replace(kept)
            yield f"{path.relative_to(folder)} was damaged: it is {kept.name} now. {_AGAIN}"
        for pattern in _LEFT:
            for path in sorted(folder.rglob(pattern)):
                kept = path.with_name(f"{path.name.lstrip('.')}.damaged")
                path.replace(kept)
                yield f"{path.relative_to(folder)} was half of a file: it is {kept.name} now."


def derived(folder: Path) -> Iterator[Finding]:
    """What is wrong with the files of a project that can be made again."""
    for path, why in _broken(folder):
        yield Finding("derived file", False, f"{path.relative_to(folder)}: {why}")


def _broken(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file that cannot be read and can be made again, or is one drawing, and why."""
    for path, read in _made(folder):
        try:
            read()
        except ProjectError as error:
            yield path, error.what


def _made(folder: Path) -> Iterator[tuple[Path, Callable[[], object]]]:
    """Each file of a project that a step made, and what reads it."""
    yield folder / "units" / POINTER, lambda: _units(folder)
    for place in sorted(path.parent for path in (folder / "rounds").glob(f"*-*/{QUERY}")):
        yield place / METRICS, Round(place).metrics
        yield from _if_there(place / LOG, read_log)
        yield from _if_there(place / WRONG, check_wrong)
    units = None
    with suppress(ProjectError):  # told of already
        units = _units(folder)
    if units is not None:
        shapes = shapes_file(folder / "units" / units.fingerprint)
        yield from _if_there(shapes, lambda _: map_shapes(shapes.parent, units))
        for path in sorted(
            (*folder.glob(f"rounds/*-*/{_ABOUT}"), *folder.glob(f"{GIVEN}/{_ABOUT}"))
        ):
            yield path, partial(check_stored, path.parent.parent, units)
    yield from _if_there(Round(folder / GIVEN).checkpoint, read_given)
    for path in sorted((folder / OWN_POSES).rglob("*.json")):
        yield path, partial(read_own_file, path)
    for path in sorted((folder / "drawings").glob("*.npz")):
        yield path, partial(read_drawing, path)
    for path in sorted((folder / "cache/predictions").rglob("*.npz")):
        yield path, partial(read_prediction, path, "classes")


def _if_there(path: Path, read: Callable[[Path], object]) -> list[tuple[Path, Any]]:
    return [(path, partial(read, path))] if path.exists() else []


def _units(folder: Path) -> Units | None:
    found = units_now(folder / "units")
    if found is None:
        return None
    units = Units.load(found)
    read_report(found, units)
    return units


def _rows(database: sqlite3.Connection, version: int) -> list[tuple[Any, ...]]:
    """The entries that are whole, of a table: a view may never end."""
    kind = database.execute("SELECT type FROM sqlite_master WHERE name = 'entries'").fetchone()
    if kind != ("table",):
        return []
    names = {row[1] for row in database.execute("PRAGMA table_info(entries)")}
    return list(readable(database, 2 if "kind" in names else 1))


def _mend_journal(path: Path) -> str:
    """Put the good part of a journal in its place; what it was is kept beside it."""
    kept = kept_name(path)
    if not path.is_file():
        path.replace(kept)
        return f"{path.name} was no file: it is {kept.name} now."
    with suppress(ProjectError):
        if (rescued := rescue_log(path, path.stem)) is not None:
            return rescued
    rows: list[tuple[Any, ...]] = []
    owner, last = path.stem, 0
    with suppress(sqlite3.DatabaseError), connected(path) as (database, version):
        try:
            check_layout(database, path, owner)
        except ProjectError as error:
            if "no journal of LidarLoop" in error.what or "newer LidarLoop" in error.what:
                put_aside(path, kept)
                return f"{error.what} It is {kept.name} now."
            if "holds the answers of" in error.what:
                return f"{error.what} {error.do}"
        rows, last = _rows(database, version), last_number(database)
    if not rows:
        put_aside(path, kept)
        return f"Nothing in {path.name} can be read: it is {kept.name} now."
    put_good_part(path, owner, rows, last, kept)
    return f"{path.name}: {len(rows):,} entries are kept; the damaged file is {kept.name}."
