"""The journal whose log was damaged: all that can still be read of it, in one file again."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from core.answers.entry import IN_TABLE
from core.answers.journal import put_good_part
from core.answers.journal_file import check_layout, connect, version_of
from core.answers.journal_log import log_of, read_log, replay
from core.answers.salvage import kept_name, last_number, readable
from core.base.errors import ProjectError
from core.base.files import storage_error

_SEQ = IN_TABLE.index("seq")


def rescue_log(path: Path, annotator: str) -> str | None:
    """Mend a journal that nobody has open where its log is damaged; the sentence on what is kept,
    None where nothing is damaged. What was there is kept beside it.

    Raises ProjectError, and then all is as it was.
    """
    try:
        log = read_log(path)
        if log is None or log.whole:
            return None
        with tempfile.TemporaryDirectory(prefix="lidarloop-") as aside:
            replayed, prefix = Path(aside) / "replayed.sqlite", Path(aside) / path.name
            replay(path, log, replayed)
            shutil.copyfile(path, prefix)
            shutil.copyfile(log_of(path), log_of(prefix))
            # What SQLite itself reads goes before what stands behind the damage.
            behind, before = _rows(replayed, annotator), _rows(prefix, annotator)
            rows, last = behind[0] | before[0], max(behind[1], before[1])
    except OSError as error:
        raise storage_error(path, error) from error
    if not rows:
        raise ProjectError(
            f"Nothing in {path} and its log, which is damaged, can be read any more.",
            "Restore both from a copy, or move them away to begin anew.",
        )
    good = [rows[seq] for seq in sorted(rows)]
    kept = put_good_part(path, annotator, good, last, kept_name(path))
    lost = max(last, max(rows)) - len(rows)
    return (
        f"The log of {path.name} was damaged: {len(rows):,} entries are kept, "
        f"{f'{lost:,} are lost' if lost else 'none is known to be lost'}; look whether the last "
        f"answers are there. The damaged files are {kept.name} and {log_of(kept).name}."
    )


def _rows(path: Path, annotator: str) -> tuple[dict[int, tuple[Any, ...]], int]:
    """The entries that can be read, by their numbers, and the last number that one ever had."""
    with (
        suppress(sqlite3.DatabaseError, ProjectError),
        closing(connect(path, read_only=False)[0]) as database,
    ):
        check_layout(database, path, annotator)
        found = readable(database, version_of(database))
        return {row[_SEQ]: row for row in found}, last_number(database)
    return {}, 0
