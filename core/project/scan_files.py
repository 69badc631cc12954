"""What the files of scans hold, looked at once: their hashes and rows, while time and size stay."""

from __future__ import annotations

from pathlib import Path

from core.base.errors import DataError
from core.data.scans import Dataset

Stamp = tuple[int, int]  # time and size


class ScanFiles:
    """Hashes and row counts of scans. `named_in`: the file whose `root` leads to them."""

    def __init__(self, named_in: Path) -> None:
        self._named_in = named_in
        self._hashes: dict[str, tuple[Stamp, str]] = {}
        self._counts: dict[str, tuple[Stamp, int]] = {}

    def digest(self, dataset: Dataset, scan: str) -> str:
        """Content hash of a scan's file. Raises DataError where it cannot be read."""
        stamp = self._stamp(dataset, scan)
        known = self._hashes.get(scan)
        if known is None or known[0] != stamp:
            try:
                known = self._hashes[scan] = (stamp, dataset.digest(scan))
            except OSError as error:
                raise self._unreadable(dataset, scan, error) from error
        return known[1]

    def count(self, dataset: Dataset, scan: str) -> int:
        """Number of rows of a scan. Raises DataError where its file cannot be read."""
        stamp = self._stamp(dataset, scan)
        known = self._counts.get(scan)
        if known is None or known[0] != stamp:
            known = self._counts[scan] = (stamp, dataset.count(scan))
        return known[1]

    def _stamp(self, dataset: Dataset, scan: str) -> Stamp:
        """Time and size of a scan's file."""
        try:
            stat = dataset.path(scan).stat()
        except OSError as error:
            raise self._unreadable(dataset, scan, error) from error
        return stat.st_mtime_ns, stat.st_size

    def _unreadable(self, dataset: Dataset, scan: str, error: OSError) -> DataError:
        return DataError(
            f"Scan {scan} cannot be read from {dataset.path(scan)}: {error.strerror}.",
            f"Bring the file back, or correct `root` under [data] in {self._named_in}.",
        )
