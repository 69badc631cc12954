"""Data beside a folder that this user may not read, as lost+found on a disk of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.errors import ProjectError
from core.data.opening import open_dataset
from core.data.plausible import judge
from core.data.recognise import recognise
from tests.streets import small_scan, write_scan

NOBODY = 65534
pytestmark = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root becomes another user"
)


@pytest.fixture
def disk():
    place = Path(tempfile.mkdtemp(prefix="lidarloop-test-", dir="/tmp"))
    place.chmod(0o777)
    (place / "data/lost+found").mkdir(parents=True)
    (place / "data/lost+found").chmod(0o700)
    yield place
    shutil.rmtree(place)


def as_nobody(work: Callable[[], bool]) -> bool:
    """Whether `work` is true for another user."""
    child = os.fork()
    if child == 0:
        good = False
        try:
            os.setuid(NOBODY)
            good = work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0 if good else 1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def test_a_plain_folder_is_judged(disk: Path):
    root = disk / "data"
    write_scan(root, "a/000000", small_scan(1)[0], None)
    assert as_nobody(lambda: not judge(open_dataset("folder", root, ["a"], [])).notes)


def test_a_dataset_is_recognised_below(disk: Path):
    root = disk / "data"
    write_scan(root, "town/sequences/00/velodyne/000000", small_scan(1)[0], None)
    wanted = ("semantickitti", root / "town")

    def found() -> bool:
        known = recognise(root)
        return known is not None and (known.format, known.root) == wanted

    assert as_nobody(found)


def test_where_it_may_lie_is_said(disk: Path):
    root = disk / "data"
    write_scan(root, "town/sequences/00/velodyne/000000", small_scan(1)[0], None)

    def said() -> bool:
        with pytest.raises(ProjectError) as wrong:
            open_dataset("semantickitti", root, ["00"], [])
        return wrong.value.do == f"Did you mean {root / 'town'}?"

    assert as_nobody(said)
