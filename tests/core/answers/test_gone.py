"""A journal that is deleted, moved or replaced while it is open: said, and nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.answers.answers import Answers
from core.answers.effort import Effort
from core.base.errors import GoneError, StorageError
from core.data.classes import UNLABELLED
from tests.core.answers.giving import S, give, units_of

LOGS = ("-wal", "-shm")


def unlink(path: Path, older: Path) -> None:
    path.unlink()


def unlink_all(path: Path, older: Path) -> None:
    for end in ("", *LOGS):
        path.with_name(path.name + end).unlink()


def unlink_log(path: Path, older: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


def delete_folder(path: Path, older: Path) -> None:
    shutil.rmtree(path.parent)


def move_folder(path: Path, older: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def rename(path: Path, older: Path) -> None:
    path.rename(path.with_name("ann (conflict).sqlite"))


def replace_by_older(path: Path, older: Path) -> None:
    os.replace(older, path)


def replace_all_by_older(path: Path, older: Path) -> None:
    unlink_all(path, older)
    os.replace(older, path)


def overwrite_by_older(path: Path, older: Path) -> None:
    path.write_bytes(older.read_bytes())


def overwrite_all_by_older(path: Path, older: Path) -> None:
    path.write_bytes(older.read_bytes())
    path.with_name(f"{path.name}-wal").write_bytes(b"")


def empty(path: Path, older: Path) -> None:
    path.write_bytes(b"")


def empty_log(path: Path, older: Path) -> None:
    os.truncate(path.with_name(f"{path.name}-wal"), 0)


def cut(path: Path, older: Path) -> None:
    os.truncate(path, 4096)


def replace_by_link(path: Path, older: Path) -> None:
    path.unlink()
    path.symlink_to(older)


def replace_by_folder(path: Path, older: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path, older: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_new(path: Path, older: Path) -> None:
    unlink_all(path, older)
    Answers.open(path.parent, "ann").close()


DEEDS = [value for name, value in list(globals().items()) if callable(value) and name.islower()]
DEEDS = [deed for deed in DEEDS if deed.__module__ == __name__]


@pytest.fixture
def answers(tmp_path: Path):
    """A journal with answers in its file and in its log, and an older copy beside the folder."""
    folder = tmp_path / "journals"
    with closing(Answers.open(folder, "ann")) as first:
        for unit in range(4):
            give(first, unit, 1, words=700)
    shutil.copy(folder / "ann.sqlite", tmp_path / "older.sqlite")
    with closing(Answers.open(folder, "ann")) as first:
        for unit in range(4, 6):
            give(first, unit, 2, words=700)
    opened = Answers.open(folder, "ann")
    give(opened, 6, 3)
    yield opened
    opened.close()


@pytest.mark.parametrize("deed", DEEDS)
def test_what_was_acknowledged_is_kept_and_nothing_more_is(
    answers: Answers, tmp_path: Path, deed: Callable[[Path, Path], None]
):
    path = tmp_path / "journals" / "ann.sqlite"
    deed(path, tmp_path / "older.sqlite")
    for unit in (7, 7, 8):
        with pytest.raises(GoneError, match="deleted, moved or replaced while it was open"):
            give(answers, unit, 4)
    assert answers.stranded
    place = tmp_path / "saved"
    saved = answers.save_elsewhere(place)
    assert not answers.stranded
    with closing(Answers.open(place, "ann")) as again:
        found = units_of(again)
        # Typed after it was gone: each unit once, as it was typed last.
        assert [head.unit for head in again.mine()][-2:] == ["s#c7", "s#c8"]
        assert len(again.mine()) == len(set(head.unit for head in again.mine()))
    assert found[6:9] == [3, 4, 4]
    in_place = (overwrite_by_older, overwrite_all_by_older, empty, cut, empty_log)
    if deed not in in_place:  # of those the file that was open is still whole
        assert found == [1, 1, 1, 1, 2, 2, 3, 4, 4, UNLABELLED]
    with pytest.raises(StorageError, match="is there already"):
        answers.save_elsewhere(saved.parent)


def test_a_blind_answer_and_another_to_one_unit_are_both_saved(answers: Answers, tmp_path: Path):
    (tmp_path / "journals" / "ann.sqlite").unlink()
    for more in ({"blind": True}, {}):
        with pytest.raises(GoneError):
            give(answers, 7, 4, **more)
    answers.save_elsewhere(tmp_path / "saved")
    with closing(Answers.open(tmp_path / "saved", "ann")) as again:
        assert units_of(again)[7] == 4
        assert again.seen_again() == {"s#c7"}


def test_a_folder_that_was_moved_and_comes_back_goes_on(answers: Answers, tmp_path: Path):
    move_folder(tmp_path / "journals" / "ann.sqlite", tmp_path)
    with pytest.raises(GoneError):
        give(answers, 7, 4)
    (tmp_path / "elsewhere").rename(tmp_path / "journals")
    give(answers, 7, 5)
    assert not answers.stranded
    answers.close()
    with closing(Answers.open(tmp_path / "journals", "ann")) as again:
        assert units_of(again) == [1, 1, 1, 1, 2, 2, 3, 5, UNLABELLED, UNLABELLED]


@pytest.mark.parametrize("deed", ["touch", "copy", "read", "read all"])
def test_what_harms_nothing_stops_nobody(answers: Answers, tmp_path: Path, deed: str):
    path = tmp_path / "journals" / "ann.sqlite"
    if deed == "touch":
        os.utime(path, (1, 1))
        os.utime(path.with_name("ann.sqlite-wal"), (1, 1))
    elif deed == "copy":
        shutil.copytree(path.parent, tmp_path / "copy")
    elif deed == "read":
        with closing(Answers.open(path.parent, "bob", read_only=True)) as other:
            assert units_of(other)[6] == 3
    else:
        path.write_bytes(path.read_bytes())  # as some backup programs restore the same file
    give(answers, 7, 4)
    assert answers.labels(S)[70] == 4
    answers.close()
    with closing(Answers.open(path.parent, "ann")) as again:
        assert units_of(again)[:8] == [1, 1, 1, 1, 2, 2, 3, 4]


def test_stray_points_are_saved_elsewhere_each_with_their_class(tmp_path: Path):
    """They are of no unit, so that the second ones took the place of the first."""
    with closing(Answers.open(tmp_path / "journals", "ann")) as answers:
        give(answers, 0, 1)
        unlink_all(tmp_path / "journals" / "ann.sqlite", tmp_path)
        for low, label in ((20, 2), (30, 3), (40, 4), (40, 5)):  # the last ones twice
            rows, classes = np.arange(low, low + 5), np.full(5, label, np.uint8)
            with pytest.raises(GoneError):
                answers.answer(S, rows, classes, round="", unit="", effort=Effort(tool="key"))
        answers.save_elsewhere(tmp_path)
    with closing(Answers.open(tmp_path, "ann")) as saved:
        assert [entry.classes[0] for entry in saved.entries()] == [1, 2, 3, 5]
        assert saved.labels(S)[[0, 20, 30, 40]].tolist() == [1, 2, 3, 5]
