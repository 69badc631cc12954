"""What a test must not leave behind: a thread of ours that runs, a warning in the log."""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

GRACE_S = 5.0  # a pool that was told to end does so when its last task has
# Threads that a library keeps until the process ends, by how their names begin.
OF_LIBRARIES = {
    "Dummy-": "a thread of C++ (Qt, torch, OpenMP) that once called Python",
    "IO loop": "distributed runs one event loop for all its clients",
    "Dask-Offload": "its one thread for what is large",
}


def threads() -> set[threading.Thread]:
    """The threads that run now and are no library's."""
    return {t for t in threading.enumerate() if not t.name.startswith(tuple(OF_LIBRARIES))}


def left_threads(before: set[threading.Thread], grace_s: float = GRACE_S) -> list[str]:
    """Names of threads, QThreads too, that run beside those of `before`, after a moment to end."""
    until = time.monotonic() + grace_s
    new = threads() - before
    for thread in new:
        thread.join(max(until - time.monotonic(), 0.0))
    return sorted([thread.name for thread in new if thread.is_alive()] + _qt_threads(until))


def _qt_threads(until: float) -> list[str]:
    """Classes of the running QThreads that Python knows, the application's own left out."""
    if "PySide6.QtCore" not in sys.modules:
        return []
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QThread

    application = QCoreApplication.instance()
    main = None if application is None else application.thread()
    found = [w for w in shiboken6.getAllValidWrappers() if isinstance(w, QThread) and w is not main]
    milliseconds = (max(round((until - time.monotonic()) * 1000), 0) for _ in found)
    return [
        type(thread).__name__
        for thread, moment in zip(found, milliseconds, strict=True)
        if thread.isRunning() and not thread.wait(moment)
    ]


@contextmanager
def warnings_logged() -> Iterator[list[str]]:
    """Fill a list with what is logged from WARNING on, by any logger, handled or not."""
    found: list[str] = []
    make = logging.getLogRecordFactory()

    def noting(name: str, level: int, *arguments: object, **options: object) -> logging.LogRecord:
        record = make(name, level, *arguments, **options)
        if level >= logging.WARNING:
            found.append(f"{record.levelname} {name}: {record.getMessage()}")
        return record

    logging.setLogRecordFactory(noting)
    try:
        yield found
    finally:
        logging.setLogRecordFactory(make)


def unexpected(found: list[str], expected: tuple[str, ...]) -> list[str]:
    """What was logged and no pattern of `expected` matches, and the patterns that match nothing."""
    seen = [line for line in found if not any(re.search(p, line) for p in expected)]
    missing = [p for p in expected if not any(re.search(p, line) for line in found)]
    return seen + [f"expected, but not logged: {pattern}" for pattern in missing]
