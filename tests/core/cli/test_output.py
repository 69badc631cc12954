"""What the command line prints, to whoever reads it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.base.jobs import Job, terminal_bar
from tests.places import ROOT
from tests.streets import asked_project, small_street_at

VERBS = (
    ["status"],
    ["status", "--json"],
    ["doctor"],
    ["agreement"],
    ["classes"],
    ["settings"],
    ["query", "--estimate"],
)
# Each starts a process: the first by `make test`, the others by `make test-all`.
OTHERS = [pytest.param(verb, marks=pytest.mark.slow) for verb in VERBS[1:]]
HELP_OF_ONE = [pytest.param(["status", "--help"], marks=pytest.mark.slow)]
ENCODINGS = [pytest.param(name, marks=pytest.mark.slow) for name in ("latin-1", "cp1252", "utf-8")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("printed")
    small_street_at(place / "scans")
    return asked_project(place / "p", place / "scans")


def ran(arguments: list[str], **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        **{"text": True, **options},
    )


@pytest.mark.parametrize("verb", [["--help"], VERBS[0], *OTHERS, *HELP_OF_ONE])
def test_a_reader_that_went_away_is_no_error(project: Path, verb: list[str]):
    read, write = os.pipe()
    os.close(read)
    helps = verb[-1] == "--help"
    done = ran([*verb, *([] if helps else [str(project)])], stdout=write)
    os.close(write)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert done.returncode in ((0,) if helps else (141, 2))  # argparse itself looks away


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("verb", [VERBS[0], *OTHERS])
def test_a_full_disk_beneath_the_output_is_said(project: Path, verb: list[str]):
    with open("/dev/full", "w") as full:
        done = ran([*verb, str(project)], stdout=full)
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("encoding", ["ascii", *ENCODINGS])
def test_any_encoding_prints_the_whole(project: Path, encoding: str):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = ran(["status", str(project)], stdout=subprocess.PIPE, env=environment, encoding=encoding)
    assert done.returncode == 0
    assert "001-size" in done.stdout


def test_of_nothing_no_bar_is_drawn():
    out = io.StringIO()
    job = Job(terminal_bar(out))
    job.progress(0, 0, "evaluate")
    assert out.getvalue() == ""
    job.progress(3, 3, "evaluate")
    assert "3/3" in out.getvalue()
