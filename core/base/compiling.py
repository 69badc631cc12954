"""Compiled loops are made once and kept on disk: ahead of time, in a process of low priority.

`python -m core.base.compiling MODULE ...` calls `warm()` of each module. One process does so at a
time; who needs the loops meanwhile waits for it instead of compiling the same again. A mark in the
folder for temporary files says that it was done for this very code.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import filelock

from core.base.giving_way import come_last
from core.base.jobs import Job

TEXT = "compiling, once"
_ROOT = Path(__file__).parents[2]


def start(modules: Sequence[str]) -> None:
    """Begin to compile the loops of `modules` in another process, where there is need; do not wait
    for it."""
    missing = [module for module in modules if not _mark(module).exists()]
    if missing:
        with contextlib.suppress(OSError):  # whoever needs them compiles them then
            process = subprocess.Popen(
                [sys.executable, "-m", "core.base.compiling", *missing],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            come_last(process.pid)


def warm(module: str, job: Job) -> None:
    """Have the loops of a module compiled, here or by the process that is at it."""
    if _mark(module).exists():
        importlib.import_module(module).warm()  # found on disk
        return
    job.progress(0, 1, TEXT)
    with _alone(job):
        _compile(module)
    job.progress(1, 1, TEXT)


def _compile(module: str) -> None:
    importlib.import_module(module).warm()
    with contextlib.suppress(OSError):
        _mark(module).touch()


@contextlib.contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Wait until no other process of this person compiles, or the job is stopped."""
    lock = filelock.FileLock(_place("compiling.lock"))
    try:
        while True:
            try:
                lock.acquire(timeout=0.2)
                break
            except filelock.Timeout:
                job.check()
            except OSError:  # no lock can be had there: twice the work, the same result
                break
        yield
    finally:
        lock.release()


def _mark(module: str) -> Path:
    """The file that says that a module's loops are on disk, for these sources and this numba."""
    folder = _ROOT.joinpath(*module.split(".")[:-1])
    files = sorted(folder.rglob("*.py"))
    facts = [f"{file} {file.stat().st_mtime_ns}" for file in files]
    facts += [module, sys.version, metadata.version("numba"), os.environ.get("NUMBA_CACHE_DIR", "")]
    return _place(f"compiled-{hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()}")


def _place(name: str) -> Path:
    person = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    return Path(tempfile.gettempdir()) / f"lidarloop-{person}-{name}"


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(19)
    with _alone(Job()):
        for each in sys.argv[1:]:
            if not _mark(each).exists():
                _compile(each)
