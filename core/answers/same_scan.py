"""Whether an answer is about the scan as it is now."""

from __future__ import annotations

from core.answers.entry import Entry, ScanRef
from core.base.errors import DataError


def check_same(entry: Entry, scan: ScanRef) -> None:
    """Raise DataError where an answer was made on another content of the scan's file."""
    if entry.scan_rows != scan.rows or entry.scan_hash != scan.hash:
        change = (
            f"it had {entry.scan_rows:,} points then and has {scan.rows:,} now"
            if entry.scan_rows != scan.rows
            else "its content is another"
        )
        raise DataError(
            f"Scan {entry.scan} has changed since {entry.annotator} labelled it: {change}.",
            "Bring the original file back; its labels are kept and fit only that file.",
        )
