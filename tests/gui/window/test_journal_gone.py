"""The journal vanishes while somebody labels: the window stops, says it, and saves elsewhere."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from core.answers.answers import Answers


def vanish(driver, deed: str) -> None:
    path = driver.session.project.path
    (journal,) = (path / "journals").glob("*.sqlite")
    if deed == "deleted":
        journal.unlink()
    elif deed == "folder deleted":
        shutil.rmtree(path / "journals")
    elif deed == "project moved":
        path.rename(path.with_name("moved"))
    elif deed == "log deleted":
        journal.with_name(f"{journal.name}-wal").unlink()
    else:
        shutil.copy(journal, journal.with_name("older"))
        os.replace(journal.with_name("older"), journal)


def journal_in(folder: Path) -> dict[str, int]:
    """Main class of each unit that counts in a journal that was saved."""
    (path,) = folder.glob("*.sqlite")
    with closing(Answers.open(folder, path.stem, read_only=True)) as answers:
        return {unit: head.main_class() for unit, head in answers.effective.items()}


DEEDS = ("deleted", "folder deleted", "project moved", "log deleted", "replaced by an older copy")


@pytest.mark.parametrize("deed", DEEDS)
def test_it_stops_and_what_was_answered_is_saved_to_another_place(
    driver, tmp_path: Path, monkeypatch, deed: str
):
    for key in ("1", "2", "3"):
        driver.key(key)
    before = {unit: head.main_class() for unit, head in driver.answers.effective.items()}
    assert len(before) == 3
    vanish(driver, deed)
    target = driver.state.target
    for _ in range(2):
        driver.key("4")
        assert driver.state.target.unit == target.unit  # it was not acknowledged
    banner = driver.session.banner
    assert banner.isVisible()
    assert "deleted, moved or replaced" in banner.what.text()
    (save,) = banner.choices
    assert save.text().startswith("Save the answers elsewhere")
    place = tmp_path / "rescued"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    driver.click(save)  # no folder was chosen: the offer stays
    (save,) = banner.choices
    assert banner.isVisible()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(place))
    driver.click(save)
    assert str(place) in banner.what.text()
    saved = journal_in(place)
    assert {unit: saved[unit] for unit in before} == before
    assert set(saved) == {*before, target.unit}


@pytest.mark.parametrize("deed", DEEDS)
def test_closing_the_window_saves_what_would_be_lost(
    driver, tmp_path: Path, monkeypatch, capfd, deed: str
):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for key in ("1", "2", "3"):
        driver.key(key)
    before = {unit: head.main_class() for unit, head in driver.answers.effective.items()}
    vanish(driver, deed)
    driver.window.show_start()
    (place,) = (tmp_path / "home").glob("lidarloop-*")
    assert journal_in(place) == before
    assert str(place) in capfd.readouterr().err
