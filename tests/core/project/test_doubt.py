"""The hunt for label errors: what was called wrongly is asked first, by points for each second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.exchange.import_labels import import_labels
from core.project.doubt import ALIKE, doubt, known_labels, labels_of_units
from core.project.frozen import training_set
from core.project.pool import seconds_of
from core.project.project import Project
from core.quality.hunted import hunted, words
from core.rounds.scores import read_scores, write_scores
from tests.streets import CAR, POLE, ROAD, made_scores, small_project

CLASSES = 20


@pytest.fixture
def project(tmp_path: Path, small_street: Path):
    """Imported labels of which five clusters of the second scan are called otherwise than they are,
    and a network that saw none of this: it knows cars, poles and roads apart, not always."""
    with small_project(tmp_path / "p", small_street) as made:
        steps.prepare(made, Job(), workers=1)
        wrong = tmp_path / "wrong"
        units = made.need_units()
        truth = units_by_truth(made)
        scan = units.scans[1]
        mine = units.range_of(scan)
        clusters = [u for u in mine if truth[u] in (CAR, POLE) and units.points[u] > 60][:5]
        made.flipped = set(clusters)
        for file in sorted(small_street.glob("sequences/00/labels/*.label")):
            raw = np.fromfile(file, "<u4")
            if file.stem == scan.rpartition("/")[2]:
                rows = made.rows(scan)
                for unit in clusters:
                    raw[rows == unit - mine.start] = CAR if truth[unit] == POLE else POLE
            out = wrong / file.relative_to(small_street)
            out.parent.mkdir(parents=True, exist_ok=True)
            raw.astype("<u4").tofile(out)
        import_labels(made, wrong, Job())
        steps.ask(made, Job(), units=1, strategy="random")
        steps.annotate(made, Job(), oracle="per-point")
        training_set(made, made.tip)
        made.tip.checkpoint.write_bytes(b"weights")
        write_scores(made.tip.folder, units, [network(made, truth)], features=6, classes=CLASSES)
        yield made


def units_by_truth(project: Project) -> np.ndarray:
    """(U,) raw id that most points of each unit have in truth."""
    units, found = project.need_units(), []
    for scan in units.scans:
        raw = project.dataset.format.labels(project.dataset.root, scan)
        rows = project.rows(scan)
        found += [np.bincount(raw[rows == n]).argmax() for n in range(len(units.range_of(scan)))]
    return np.array(found)


def network(project: Project, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of a network that is right in most units, whoever labelled them."""
    rng = np.random.default_rng(2)
    places = {ROAD: 0, CAR: 1, POLE: 2}
    names = {raw: project.classes.names.index(name)
             for raw, name in ((ROAD, "road"), (CAR, "car"), (POLE, "pole"))}  # fmt: skip
    made = made_scores(len(truth))
    p = rng.dirichlet(np.full(CLASSES, 0.1), len(truth)) * 0.2
    p[np.arange(len(truth)), [names[t] for t in truth]] += 0.8
    made["mean_p"] = p.astype(np.float16)
    feature = rng.normal(0, 0.3, (len(truth), 6))
    feature[np.arange(len(truth)), [places[t] for t in truth]] += 4
    made["feature"] = feature.astype(np.float32)
    return made


def test_what_was_called_wrongly_is_asked_first(project: Project):
    units = project.need_units()
    found = steps.estimate(project, strategy="label-errors", units=5)
    query = steps.ask(project, Job(), strategy="label-errors", units=5, after="001-random").query
    asked = units.find_all(query.items)
    assert set(asked.tolist()) == project.flipped
    assert (found.units, found.points) == (5, int(units.points[asked].sum()))
    worth = query.columns["likely wrong"] / seconds_of(project, units)[asked]
    assert (np.diff(worth) <= 1e-9).all()
    assert worth == pytest.approx(query.columns["per second"])
    assert "disagrees with the network" in query.reason[0]


def test_doubt_is_what_a_slow_reading_of_it_gives(project: Project):
    units = project.need_units()
    scores = read_scores(project.tip.folder, units)
    found = doubt(project, scores, Job())
    p, feature = scores["mean_p"].astype(float), scores["feature"].astype(float)
    classes = len(project.classes)
    main, share = [], []
    for scan in units.scans:
        labels, rows = known_labels(project, scan), project.rows(scan)
        for n in range(len(units.range_of(scan))):
            counts = np.bincount(labels[rows == n], minlength=256)[:classes]
            main.append(int(counts.argmax()) if counts.any() else -1)
            share.append(counts.max() / (rows == n).sum())
    assert labels_of_units(project, Job())[0].tolist() == main
    expected = {c: max(np.mean([p[u, c] for u in range(len(units)) if main[u] == c]), 0.02)
                for c in set(main) - {-1}}  # fmt: skip
    scaled = (feature / (feature[np.array(main) >= 0].std(axis=0) + 1e-6)).astype(np.float32)

    def votes(unit: int) -> np.ndarray:
        others = [u for u in range(len(units)) if units.scan[u] != units.scan[unit]
                  and main[u] >= 0]  # fmt: skip
        near = sorted(others, key=lambda u: ((scaled[u] - scaled[unit]) ** 2).sum())[:ALIKE]
        return np.bincount([main[u] for u in near], minlength=classes) / ALIKE

    every = [votes(u) for u in range(len(units)) if main[u] >= 0]
    labels = [m for m in main if m >= 0]
    of_votes = {c: np.mean([v[c] for v, m in zip(every, labels, strict=True) if m == c])
                for c in set(labels)}  # fmt: skip
    for unit in range(len(units)):
        if main[unit] < 0:
            assert found[unit] == 0
            continue
        relative = np.array([p[unit, c] / expected.get(c, 1.0) for c in range(classes)])
        said = votes(unit)
        agrees = said.max() <= said[main[unit]] or p[unit].argmax() == main[unit]
        if relative.argmax() == main[unit] or agrees:
            assert found[unit] == 0
            continue
        said[main[unit]] += 0.05
        said = np.array([said[c] / max(of_votes.get(c, 1.0), 0.02) for c in range(classes)])
        both = np.sqrt(relative * said)
        own, both[main[unit]] = both[main[unit]], 0
        likely = 0.05 * both.max() / (0.05 * both.max() + 0.95 * own)
        assert found[unit] == pytest.approx(likely * share[unit], abs=2e-3)


def test_without_imported_labels_it_says_what_is_missing(tmp_path: Path, small_street: Path):
    with small_project(tmp_path / "q", small_street) as made:
        steps.prepare(made, Job(), workers=1)
        with pytest.raises(ProjectError, match="labels or network are missing"):
            steps.ask(made, Job(), strategy="label-errors", units=3)


def test_what_was_answered_is_not_asked_again(project: Project):
    first = steps.ask(project, Job(), strategy="label-errors", units=5)
    steps.annotate(project, Job(), oracle="per-point")
    training_set(project, first)
    found = steps.estimate(project, strategy="label-errors", units=5, after=first.id)
    again = steps.ask(project, Job(), strategy="label-errors", units=5)
    assert found.units == 5
    assert not set(again.query.items) & set(first.query.items)
    assert again.query.columns["doubt"].max() < first.query.columns["doubt"].min()


def test_what_was_mended_is_counted(project: Project):
    first = steps.ask(project, Job(), strategy="label-errors", units=6)
    assert words(hunted(project)) == ""
    steps.annotate(project, Job(), oracle="per-point")
    found, units = hunted(project), project.need_units()
    assert (found.answered, found.wrong) == (len(first.query.items), 5)
    assert found.points == sum(units.points[u] for u in project.flipped)
    assert words(found).startswith("Of 6 units asked as likely label errors 5 were wrong; ")
