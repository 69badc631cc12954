"""Predictions of earlier rounds are deleted where they can be made again, and that is told."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError
from core.base.files import hash_file, write_arrays
from core.base.jobs import Job, Progress
from core.exchange.export import export
from core.project.caches import again, caches, prune
from core.project.project import Project
from core.project.status import status, table
from core.query.query import write_query
from core.rounds.predictions import new_prediction_file, prediction_file, read_prediction
from core.rounds.round import QUERY, Round
from core.rounds.scores import write_scores
from tests.streets import copied_project, made_scores, small_project, small_street_at


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rounds 1, 2 and 3, each the next one's parent, all scored and predicted; then 4, of 1."""
    path = tmp_path_factory.mktemp("rounds") / "p"
    small_street_at(path.with_name("scans"))
    with small_project(path, path.with_name("scans")) as project:
        steps.prepare(project, Job(), workers=1)
        query = steps.ask(project, Job()).query
        for number, parent in enumerate((None, "001-size", "002-size", "001-size"), start=1):
            found = Round(path / "rounds" / f"{number:03d}-size")
            found.folder.mkdir(exist_ok=True)
            write_query(found.file(QUERY), replace(query, parent=parent, round=number))
            found.checkpoint.write_bytes(b"weights %d" % number)
            units = project.need_units()
            write_scores(found.folder, units, [made_scores(len(units))], features=6, classes=4)
            predict(project, found)
    return path


def predict(project: Project, found: Round) -> None:
    for scan in (*project.dataset.train, *project.dataset.validation):
        arrays = {
            "classes": np.zeros(project.dataset.count(scan), np.uint8),
            "source": np.array([hash_file(found.checkpoint), "f"]),
        }
        write_arrays(new_prediction_file(project.predictions(found), scan), arrays)


@pytest.fixture
def project(made: Path, tmp_path: Path):
    with Project(copied_project(made, tmp_path / "p", made.with_name("scans"))) as opened:
        yield opened


def source(found: Round) -> str:
    """As models.steps has it of a network that fits."""
    if not found.checkpoint.exists():
        raise ProjectError("no checkpoint", "")
    return hash_file(found.checkpoint)


def there(project: Project) -> list[str]:
    return sorted(folder.name for folder in (project.path / "cache" / "predictions").iterdir())


ALL = ["001-size", "002-size", "003-size", "004-size"]


def test_of_a_branch_the_newest_are_kept_and_of_another_branch_all(project: Project):
    said: list[str] = []
    job = Job(lambda report: said.append(report.said))
    assert prune(project, project.rounds[2], source, job) == ["001-size", "002-size"]
    assert there(project) == ["003-size", "004-size"]
    assert ["001-size" in line and "makes them again" in line for line in said] == [True, False]
    assert all(found.scored for found in project.rounds)
    assert prune(project, project.rounds[2], source, Job()) == []


def test_a_round_that_is_not_whole_yet_deletes_nothing(project: Project):
    (project.rounds[2].folder / "scores" / "scores.json").unlink()
    assert prune(project, project.rounds[2], source, Job()) == []
    assert there(project) == ALL


def without_checkpoint(found: Round) -> None:
    found.checkpoint.unlink()


def another_checkpoint(found: Round) -> None:
    found.checkpoint.write_bytes(b"trained again")


def a_folder_for_it(found: Round) -> None:
    found.checkpoint.unlink()
    found.checkpoint.mkdir()


@pytest.mark.parametrize("change", [without_checkpoint, another_checkpoint, a_folder_for_it])
def test_what_cannot_be_made_again_is_kept(project: Project, change: Callable[[Round], None]):
    change(project.rounds[0])

    def of(found: Round) -> str:
        try:
            return source(found)
        except OSError as error:
            raise ProjectError(str(error), "") from error

    assert prune(project, project.rounds[2], of, Job()) == ["002-size"]
    assert there(project) == ["001-size", "003-size", "004-size"]


def test_a_damaged_prediction_does_not_decide(project: Project):
    first, *_ = sorted(project.predictions(project.rounds[0]).rglob("*.npz"))
    first.write_bytes(b"no archive")
    project.rounds[1].checkpoint.write_bytes(b"another")
    assert prune(project, project.rounds[2], source, Job()) == ["001-size"]


def test_another_networks_are_kept(project: Project):
    (project.path / "given").mkdir()
    predict_given = new_prediction_file(project.predictions(project.given), "sequences/x/0")
    write_arrays(predict_given, {"classes": np.zeros(3, np.uint8)})
    prune(project, project.rounds[2], source, Job())
    assert there(project) == ["003-size", "004-size", "given"]


def test_what_cannot_be_deleted_is_told_and_the_rest_goes_on(project: Project, tmp_path: Path):
    """A link is not followed: what somebody keeps elsewhere is theirs."""
    folder = project.predictions(project.rounds[0])
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    said: list[Progress] = []
    assert prune(project, project.rounds[2], source, Job(said.append)) == ["002-size"]
    assert "cannot be deleted" in said[0].said
    assert len(list((tmp_path / "elsewhere").rglob("*.npz"))) == 4


def test_a_deletion_that_was_killed_is_finished_by_the_next(project: Project):
    gone, *_ = project.predictions(project.rounds[0]).rglob("*.npz")
    gone.unlink()
    assert prune(project, project.rounds[2], source, Job()) == ["001-size", "002-size"]


def test_status_tells_sizes_what_is_deleted_and_the_command(project: Project):
    files = list((project.path / "cache").rglob("*.npz"))
    before = status(project, backend="")["predictions"]
    assert before["bytes"] == sum(file.stat().st_size for file in files)
    assert [(row["round"], row["scans"]) for row in before["kept"]] == [(id, 4) for id in ALL]
    assert before["deleted"] == []
    prune(project, project.rounds[2], source, Job())
    value = json.loads(json.dumps(status(project, backend="")))
    assert [row["round"] for row in value["predictions"]["kept"]] == ["003-size", "004-size"]
    assert value["predictions"]["deleted"] == [
        {"round": found.id, "again": again(found)} for found in project.rounds[:2]
    ]
    text = table(value)
    assert "predictions kept: 003-size (" in text
    assert (
        f"predictions of 001-size are deleted, its scores stay: {again(project.round('001-size'))}"
        in text
    )


def test_what_reads_a_deleted_one_gets_a_sentence(project: Project, tmp_path: Path):
    """A program that opened the project before, and one whose cache somebody emptied."""
    shutil.rmtree(project.path / "cache")
    scan = project.dataset.train[0]
    tip = project.tip
    assert tip is not None
    file = prediction_file(project.predictions(tip), scan, project.dataset)
    with pytest.raises(ProjectError, match="are not there") as error:
        read_prediction(file, "classes")
    assert "lidarloop score" in error.value.do
    for what in ("predictions", "merged"):
        with pytest.raises(ProjectError, match="are not there"):
            export(project, tmp_path / "out", Job(), what=what)
    assert caches(project)["kept"] == []
    assert len(caches(project)["deleted"]) == 4


def test_scores_and_the_next_query_need_no_predictions(project: Project):
    def files(found: Round) -> dict[str, str]:
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in found.file("scores").iterdir()
        }

    before = [files(found) for found in project.rounds]
    prune(project, project.rounds[2], source, Job())
    assert [files(found) for found in project.rounds] == before
