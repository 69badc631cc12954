"""Probabilities of any network rank as our own do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import DataError
from core.base.jobs import Job
from core.exchange.export import export
from core.exchange.given import score_from
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.scores import COLUMNS, forget_scores, read_scores
from tests.streets import give, scored, small_scan, write_scan


@pytest.fixture
def project(tmp_path: Path):
    for sequence, count in (("00", 3), ("08", 1)):
        for seed in range(count):
            name = f"sequences/{sequence}/velodyne/{seed:06d}"
            write_scan(tmp_path / "data", name, *small_scan(seed))
    with Project.create(
        tmp_path / "p",
        format="semantickitti",
        root=tmp_path / "data",
        train=["00"],
        validation=["08"],
        preset="laptop",
    ) as project:
        steps.prepare(project, Job(), workers=1)
        yield project


def softmax(rows: int, seed: int, classes: int = 19) -> np.ndarray:
    values = np.exp(np.random.default_rng(seed).normal(0, 2, (rows, classes)))
    return values / values.sum(axis=1, keepdims=True)


def save(project: Project, folder: Path, *, features: int = 0, dtype=np.float32) -> dict:
    """A file for each scan; of some other program's tree and names."""
    told = {}
    for seed, scan in enumerate(project.dataset.scans):
        count = project.count(scan)
        told[scan] = (p := softmax(count, seed)), None
        file = folder / scan.split("/")[1] / f"{scan.rpartition('/')[2]}.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        arrays = {"probabilities": p.astype(dtype)}
        if features:
            made = np.random.default_rng(seed).normal(0, 1, (count, features)).astype(np.float32)
            arrays["features"] = made
            told[scan] = p, made
        np.savez_compressed(file, **arrays)
    return told


@pytest.mark.parametrize("features", [0, 7])
def test_scores_are_the_means_over_each_units_rows(project: Project, tmp_path: Path, features: int):
    told = save(project, tmp_path / "other", features=features)
    matched = score_from(project, tmp_path / "other", Job())
    assert len(matched.files) == 4
    found, units = project.last_scored(), project.need_units()
    assert found is not None
    scores = read_scores(found.folder, units)
    assert scores is not None
    assert set(scores) == set(COLUMNS)
    for scan in units.scans:
        p, made = told[scan]
        p = p.astype(np.float32).astype(np.float64)
        unit_of_row = project.rows(scan)
        first = units.range_of(scan).start
        for unit in list(units.range_of(scan))[::7]:
            mine = unit_of_row == unit - first
            entropy = np.mean([-sum(x * np.log(x) for x in row) for row in p[mine].tolist()])
            assert scores["entropy"][unit] == pytest.approx(entropy, rel=1e-5)
            feature = (p if made is None else made)[mine].mean(axis=0)
            np.testing.assert_allclose(scores["feature"][unit], feature, atol=1e-5)
            counts = np.bincount(p[mine].argmax(axis=1), minlength=19)
            assert scores["predicted"][unit] == counts.argmax()
            assert scores["share"][unit] == pytest.approx(counts.max() / mine.sum())
        stored = read_prediction(
            prediction_file(project.predictions(found), scan, project.dataset), "classes", "entropy"
        )
        assert np.array_equal(stored["classes"], p.argmax(axis=1))


def test_the_first_query_may_go_by_it(project: Project, tmp_path: Path):
    save(project, tmp_path / "other")
    score_from(project, tmp_path / "other", Job())
    found = steps.ask(project, Job(), units=10)
    query = found.query
    assert query.strategy == "basal"
    assert query.checkpoint
    assert "rE" in query.columns
    assert found.number == 1
    with Project(project.path, read_only=True) as again:
        assert again.last_scored() is not None
        assert [one.id for one in again.rounds] == [found.id]


def test_it_counts_until_our_own_network_scores(project: Project, tmp_path: Path):
    steps.ask(project, Job(), units=3, strategy="random")
    give(project, 0, 3)
    scored(project)
    own = project.last_scored()
    assert own is not None
    assert not own.given
    save(project, tmp_path / "other")
    score_from(project, tmp_path / "other", Job())
    now = project.last_scored()
    assert now is not None
    assert now.given
    forget_scores(project.given.folder)  # as scoring with our own network does
    assert project.last_scored() == own


def test_its_predictions_go_out(project: Project, tmp_path: Path):
    told = save(project, tmp_path / "other")
    (tmp_path / "other/08/000000.npz").unlink()
    score_from(project, tmp_path / "other", Job())
    assert export(project, tmp_path / "out", Job(), what="predictions") == 3
    raw = np.fromfile(tmp_path / "out/sequences/00/predictions/000001.label", "<u4")
    wanted = told["sequences/00/velodyne/000001"][0].argmax(axis=1).astype(np.uint8)
    assert np.array_equal(raw, project.classes.decode(wanted))


def test_plain_arrays_of_half_precision(project: Project, tmp_path: Path):
    folder = tmp_path / "other"
    folder.mkdir()
    for seed, scan in enumerate(project.dataset.train):
        p = softmax(project.count(scan), seed).astype(np.float16)
        np.save(folder / f"{scan.rpartition('/')[2]}.npy", p)
    with pytest.raises(DataError, match="prepared scans have no"):  # 000000 is of 00 or of 08
        score_from(project, folder, Job())
    (folder / "00").mkdir()
    for file in folder.glob("*.npy"):
        file.rename(folder / "00" / file.name)
    assert len(score_from(project, folder, Job()).without) == 1
    scores = read_scores(project.given.folder, project.need_units())
    assert scores is not None
    assert scores["feature"].shape[1] == 19


def wrong(name: str, p: np.ndarray) -> dict[str, np.ndarray]:
    row = p.copy()
    if name == "classes":
        return {"probabilities": p[:, :-1]}
    if name == "rows":
        return {"probabilities": p[:-1]}
    if name == "nan":
        row[7, 3] = np.nan
    elif name == "inf":
        row[7, 3] = np.inf
    elif name == "logits":
        row = np.log(p)
    elif name == "negative":
        row[7, :2] = [-0.5, row[7, 1] + row[7, 0] + 0.5]
    elif name == "zeros":
        row[:] = 0
    elif name == "whole":
        row = p.argmax(axis=1)[:, None] == np.arange(p.shape[1])
    elif name == "flat":
        row = p.ravel()
    elif name == "two":
        return {"a": p, "b": p}
    elif name == "none":
        return {}
    elif name == "features":
        return {"probabilities": p, "features": np.zeros((3, 4))}
    elif name == "features nan":
        return {"probabilities": p, "features": np.full((len(p), 4), np.nan)}
    elif name == "features differ":
        return {"probabilities": p, "features": np.zeros((len(p), 4))}
    elif name == "objects":
        return {"probabilities": np.array([object()])}
    return {"probabilities": row}


WRONG = (
    *("classes", "rows", "nan", "inf", "logits", "negative", "zeros", "whole", "flat", "two"),
    *("none", "features", "features nan", "features differ", "objects", "cut", "empty", "text"),
)


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_changes_nothing(project: Project, tmp_path: Path, name: str):
    folder = tmp_path / "other"
    told = save(project, folder, features=7)
    score_from(project, folder, Job())
    before = {
        path.relative_to(project.path): path.read_bytes()
        for path in project.path.rglob("*")
        if path.is_file() and path.parent.name != "journals"
    }
    file = folder / "00/000001.npz"
    if name == "cut":
        file.write_bytes(file.read_bytes()[:-900])
    elif name == "empty":
        file.write_bytes(b"")
    elif name == "text":
        file.write_text("probabilities")
    else:
        np.savez(file, **wrong(name, told["sequences/00/velodyne/000001"][0]))
    with pytest.raises(DataError) as caught:
        score_from(project, folder, Job())
    assert "000001" in caught.value.what
    assert "\n" not in caught.value.what
    after = {
        path.relative_to(project.path): path.read_bytes()
        for path in project.path.rglob("*")
        if path.is_file() and path.parent.name != "journals"
    }
    assert after == before


def test_scans_without_a_file_are_named(project: Project, tmp_path: Path):
    save(project, tmp_path / "other")
    (tmp_path / "other/00/000002.npz").unlink()
    with pytest.raises(DataError, match=r"1 of 3 prepared scans .*: sequences/00/velodyne/000002"):
        score_from(project, tmp_path / "other", Job())
    with pytest.raises(DataError, match="no folder"):
        score_from(project, tmp_path / "nowhere", Job())
    assert project.last_scored() is None
