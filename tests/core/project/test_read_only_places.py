"""Projects on media that take no byte, and of other users: all that only looks works there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import pytest

from core.cli.verbs import run
from gui.window.opening import open_project
from tests.places import ROOT
from tests.streets import asked_project

NOBODY = 65534
VERBS = {
    "status": ["status"],
    "status as JSON": ["status", "--json"],
    "agreement": ["agreement"],
    "labels": ["export", "OUT"],
    "merged": ["export", "OUT", "--what", "panoptic"],
    "journal": ["export", "OUT", "--what", "journal"],
    "open": ["open"],
}
LEFT = {
    "closed": "answers.close()",
    "killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "killed without its index": "os.kill(os.getpid(), signal.SIGKILL)",
    "open": "print('open', flush=True); sys.stdin.read()",
}
WRITER = """
import os, signal, sys
from pathlib import Path
from core.project.project import Project
project = Project(Path(sys.argv[1]))
answers = project.answers
for unit in project.need_units().names(range(12)):
    answers.reopen(unit.split("#")[0], unit)
"""


def contents(path: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(file.relative_to(path)): (file.read_bytes(), file.stat().st_mtime_ns)
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(params=LEFT)
def place(request, small_street: Path):
    """A folder of another user's with a project at p, left in some way."""
    place = Path(tempfile.mkdtemp(prefix="lidarloop-test-", dir="/tmp"))
    shutil.copytree(small_street, place / "scans")
    asked_project(place / "p", place / "scans")
    code = WRITER + LEFT[request.param]
    writer = subprocess.Popen(
        [sys.executable, "-c", code, place / "p"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if request.param == "open":
        assert writer.stdout.readline() == b"open\n"
    else:
        assert writer.wait() == (0 if request.param == "closed" else -signal.SIGKILL)
    if request.param == "killed without its index":
        for file in (place / "p/journals").glob("*-shm"):
            file.unlink()
    for file in [place, *place.rglob("*")]:
        file.chmod(0o555 if file.is_dir() else 0o444)
    (out := place.with_name(f"{place.name}-out")).mkdir()
    out.chmod(0o777)
    yield place
    writer.communicate()
    for file in [place, *place.rglob("*")]:
        file.chmod(0o755)
    shutil.rmtree(place)
    shutil.rmtree(out)


class Faces:
    """A window that opens a project as ours does."""

    @property
    def window(self):
        return self

    network = window

    def backend(self) -> str:
        return "none"

    def run(self, project: Path) -> int:
        opened, why = open_project(project)
        assert not opened.writable
        assert "read-only" in why.what
        assert len(opened.answers.fold.reopened) == 12
        opened.close()
        return 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root becomes another user")
def test_another_users_project_is_looked_at_without_a_byte(place: Path):
    before = contents(place)
    for name, (verb, *rest) in VERBS.items():
        out = place.with_name(f"{place.name}-out") / name
        words = [verb, str(place / "p"), *(str(out) if word == "OUT" else word for word in rest)]
        child = os.fork()
        if child == 0:
            code = 99
            try:
                os.setuid(NOBODY)
                code = run(words, Faces())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0, name
        assert contents(place) == before, name
    journal = place.with_name(f"{place.name}-out") / "journal/journal.jsonl"
    assert journal.read_text().count('"reopen"') == 12
