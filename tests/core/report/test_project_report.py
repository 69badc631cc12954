"""A project's report: one file, whose numbers are those of the project; what is missing is said."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from core.base.errors import SettingsError
from core.base.jobs import Job
from core.desk import explained
from core.project.project import Project
from core.report import figures
from core.report.project import write_report
from main import main
from tests.rounds_made import measured_project
from tests.streets import small_project, small_street_at


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("report")
    small_street_at(base / "scans")
    return measured_project(base / "project", base / "scans", rounds=2)


def tables(page: str) -> list[list[list[str]]]:
    return [
        [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
        for table in re.findall(r"<table>(.*?)</table>", page, re.DOTALL)
    ]


def test_nothing_asked_is_drawn_apart_from_a_thousandth_of_a_percent():
    """Both were the same dot."""
    assert figures.asked([("car", 0.0, 0.1)]) != figures.asked([("car", 1e-5, 0.1)])


def test_one_file_holds_the_numbers_of_the_project(measured: Path, tmp_path: Path):
    out = tmp_path / "street.html"
    assert main(["report", str(measured), str(out)]) == 0
    page = out.read_text()
    assert not re.search(r'src="(?!data:)|href=|<script', page), "nothing is fetched"
    for part in (explained.LEARNING, explained.IOU, explained.CLASSES, explained.SIZES,
                 explained.ASKED, explained.CONFUSION, explained.CERTAINTY, explained.EFFORT,
                 explained.SCANS, explained.FEATURES):  # fmt: skip
        assert f"<h2>{part.title}</h2>" in page
    pictures = re.findall(r"base64,([^\"]+)", page)
    assert len(pictures) >= 9
    for picture in pictures:
        ElementTree.fromstring(base64.b64decode(picture))
    found = tables(page)
    with Project(measured, read_only=True) as project:
        units = project.need_units()
        rounds = next(t for t in found if t[0][:2] == ["round", "strategy"])
        for row, one in zip(rounds[1:], project.rounds, strict=True):
            answered = [i for i in one.query.items if i in project.answers.effective]
            points = sum(int(units.points[units.find(item)]) for item in answered)
            assert row[:2] == [one.id, one.query.strategy]
            assert row[3:6] == [f"{n:,}" for n in (len(one.query.items), len(answered), points)]
            assert row[6] == f"{100 * one.metrics()['miou']:.1f}"
        matrix = project.tip.metrics()["confusion"]
        right = sum(matrix[c][c] for c in range(len(matrix)))
        assert f"{right:,} of {sum(map(sum, matrix)):,} points are right." in page
    assert explained.NO_SECONDS in page, "an oracle takes no time"
    assert explained.NO_CONFIDENCE in page


def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture):
    small_street_at(tmp_path / "scans")
    small_project(tmp_path / "project", tmp_path / "scans").close()
    assert main(["report", str(tmp_path / "project"), str(tmp_path / "out.html")]) == 0
    page = (tmp_path / "out.html").read_text()
    assert page.count(explained.NOT_PREPARED) >= 4
    for part in (explained.LEARNING, explained.IOU, explained.CONFUSION, explained.CERTAINTY,
                 explained.EFFORT):  # fmt: skip
        assert part.waits in page
    assert "data:" not in page
    assert main(["report", str(tmp_path / "project"), str(tmp_path / "out.pdf")]) == 2
    assert "Let it end in .html" in capsys.readouterr().err
    with (
        Project(tmp_path / "project", read_only=True) as project,
        pytest.raises(SettingsError, match="is no name of a page"),
    ):
        write_report(project, tmp_path / "x.svg", Job())


@pytest.mark.slow
def test_the_same_project_gives_the_same_bytes(measured: Path, tmp_path: Path):
    for out in (tmp_path / "a.html", tmp_path / "folder"):
        with Project(measured, read_only=True) as project:
            path = write_report(project, out, Job())
    assert path == tmp_path / "folder" / "report.html"
    assert path.read_bytes() == (tmp_path / "a.html").read_bytes()


def test_predictions_that_are_gone_leave_the_rest(
    measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("core.report.project.drawable", lambda: False)
    path = tmp_path / "copy"
    shutil.copytree(measured, path)
    shutil.rmtree(path / "cache" / "predictions")
    with Project(path, read_only=True) as project:
        page = write_report(project, tmp_path / "x.html", Job()).read_text()
    assert "predictions of round 002-random are deleted" in page
    assert f"<h2>{explained.FEATURES.title}</h2>" in page


@pytest.mark.slow
def test_without_matplotlib_the_tables_are_there(
    measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("core.report.project.drawable", lambda: False)
    with Project(measured, read_only=True) as project:
        page = write_report(project, tmp_path / "x.html", Job()).read_text()
    assert "data:" not in page
    assert "Figures need matplotlib" in page
    assert len(tables(page)) >= 6
