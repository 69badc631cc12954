"""The second look in a whole project: its columns, and pseudo-labels that are no answers."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.base.settings import load_preset
from core.data.classes import UNLABELLED
from core.experiment.folder import opened
from core.experiment.learning import Learning
from core.experiment.read_spec import read_spec
from core.experiment.results import curves
from core.experiment.run import run_cells, set_up
from core.prepare.units import rows_file
from core.project.change_classes import merge, undo_merge
from core.project.change_settings import use
from core.project.frozen import training_set
from core.project.project import Project
from core.project.pseudo import freeze, with_pseudo
from core.rounds.many_views import NEAR_M
from core.rounds.scores import MORE, read_scores
from models import again
from models import steps as network
from models.again import VIEWS, look_around
from models.score import Trained, scorer
from tests.core.query.pools import make_units
from tests.experiments import TINY, tiny_spec
from tests.keyframes import FIRST, SECOND, two_scenes
from tests.streets import small_project, small_street_at


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rounds by lidal on the street, three scans of which stand at one place."""
    base = tmp_path_factory.mktemp("again")
    small_street_at(base / "scans")
    folder = base / "scans/sequences/00"
    (folder / "poses.txt").write_text("1 0 0 0 0 1 0 0 0 0 1 0\n" * 3)
    (folder / "calib.txt").write_text("Tr: 1 0 0 0 0 1 0 0 0 0 1 0\n")
    with small_project(
        base / "p", base / "scans", **{"query.strategy": "lidal", "query.fraction": "0.2"}
    ) as project:
        steps.prepare(project, Job(), workers=1)
        for _ in range(2):
            steps.ask(project, Job(), strategy="lidal")
            steps.annotate(project, Job(), oracle="per-point")
            network.train(project, Job())
    return base


@pytest.fixture
def project(once: Path, tmp_path: Path):
    shutil.copytree(once / "p", tmp_path / "p")
    with Project(tmp_path / "p") as found:
        yield found


def test_divergence_is_large_where_scans_that_meet_disagree(project: Project):
    """Each unit's mean by the network's own words, over all pairs of points, slowly."""
    found = project.rounds[0]
    scores = read_scores(found.folder, project.need_units())
    assert scores is not None
    assert "mutual" not in scores
    trained = Trained.check(found.checkpoint, project.classes, project.settings.train)
    scans = project.dataset.train
    points = [project.dataset.normalised(project.dataset.scan(scan).points) for scan in scans]
    looks = [scorer(trained).look(each) for each in points]
    first, rows = points[0][:, :3].astype(float), project.rows(scans[0])
    some = range(6, 10)  # units, the first and the last of which are a cluster and a cell
    total, met = np.zeros(len(first)), np.zeros(len(first))
    for other in (1, 2):
        for row in np.flatnonzero(np.isin(rows, some)):
            here = first[row]
            away = np.linalg.norm(points[other][:, :3] - here, axis=1)
            if away.min() < NEAR_M:
                a = looks[0].p[looks[0].voxel[row]].astype(float) + 1e-5
                b = looks[other].p[looks[other].voxel[away.argmin()]].astype(float) + 1e-5
                total[row] += (a * np.log(a / b) - a + b).sum()
                met[row] += 1
    kl = total / np.maximum(met, 1)
    wanted = [kl[rows == unit].mean() for unit in some]
    np.testing.assert_allclose(scores["divergence"][some], wanted, rtol=1e-3, atol=1e-6)
    assert max(wanted) > 0
    assert set(project.need_units().kind[list(some)].tolist()) == {0, 1}


def test_looks_that_wait_for_their_neighbours_hold_no_features(
    project: Project, tmp_path: Path, monkeypatch
):
    """As many as 25 are in memory, and features are most of each."""
    found, units = project.rounds[0], project.need_units()
    trained = Trained.check(found.checkpoint, project.classes, project.settings.train)
    held, compare = [], again.divergence

    def noted(look, others):
        held.extend(one.seen.feature for one in (look, *(other for other, _ in others)))
        return compare(look, others)

    monkeypatch.setattr(again, "divergence", noted)
    scans = project.dataset.train
    prepared = {
        scan: (
            str(rows_file(project.units_folder / units.fingerprint, scan, project.dataset)),
            len(units.range_of(scan)),
        )
        for scan in scans
    }
    again.look_along(trained, project.dataset, scans, prepared, ("x", "y"), str(tmp_path / "a"))
    assert len(held) == 9
    assert all(feature.size == 0 and feature.base is None for feature in held)


def test_a_scene_is_looked_at_by_itself(tmp_path: Path, monkeypatch):
    """Of nuScenes' keyframes, though all lie in one folder; each scan is compared with its own."""
    dataset, looked = two_scenes(tmp_path), {}
    units = replace(make_units(np.full(15, 30), np.zeros(15, int), scans=15), scans=dataset.scans)

    def noted(tasks, _work, **_options):
        looked.update(tasks)
        return ()

    monkeypatch.setattr(again, "run_all", noted)
    trained = SimpleNamespace(source="")
    settings = load_preset("laptop").train
    folders = (tmp_path / "units", tmp_path / "predictions")
    again.look_again(trained, ("divergence",), settings, dataset, units, *folders, Job())
    assert [scans for _, _, scans, *_ in looked.values()] == [FIRST, SECOND]


def test_pseudo_labels_are_learnt_and_are_nobodys_answers(project: Project):
    first, second = project.rounds
    assert training_set(project, first).pseudo is None
    pseudo = training_set(project, second).pseudo
    assert pseudo is not None
    assert pseudo.units
    assert not set(pseudo.units) & set(project.answers.effective)
    units = project.need_units()
    scores = read_scores(first.folder, units)
    assert scores is not None
    plain = training_set(project, second)
    taught = with_pseudo(project, plain)
    for name, number in pseudo.units.items():
        unit = units.find(name)
        assert unit is not None
        assert number == scores["predicted"][unit]
        scan = units.scans[units.scan[unit]]
        mine = project.rows(scan) == unit - units.range_of(scan).start
        assert (plain.labels(scan)[mine] == UNLABELLED).all()
        assert (taught.labels(scan)[mine] == number).all()
        assert (project.labels(scan)[mine] == UNLABELLED).all()
    for scan in project.dataset.train:
        given = plain.labels(scan) != UNLABELLED
        assert (taught.labels(scan)[given] == plain.labels(scan)[given]).all()


def test_pseudo_labels_that_are_frozen_while_classes_are_merged_follow_its_undo(project: Project):
    second = project.rounds[1]
    second.file("training.json").unlink()
    freeze(project, second)
    before = training_set(project, second).pseudo
    assert before is not None
    units, found = project.need_units(), set(before.units.values())
    source = max(found, key=list(before.units.values()).count)
    into = next(label for label in project.classes.shown if label not in found)
    second.file("training.json").unlink()
    merge(project, source, into)
    freeze(project, second)
    plain = training_set(project, second)
    assert plain.pseudo == before
    taught = with_pseudo(project, plain)
    name = next(name for name, label in before.units.items() if label == source)
    scan = units.scans[units.scan[units.find(name)]]
    mine = project.rows(scan) == units.find(name) - units.range_of(scan).start
    assert (taught.labels(scan)[mine] == into).all()
    undo_merge(project)
    assert (taught.labels(scan)[mine] == source).all()


def test_each_round_chooses_them_anew(project: Project):
    """What was learnt so last round is left out of the next one's."""
    steps.ask(project, Job(), strategy="lidal")
    steps.annotate(project, Job(), oracle="per-point")
    network.train(project, Job(), scored=False)
    before, now = (training_set(project, found).pseudo for found in project.rounds[1:])
    assert before is not None
    assert now is not None
    assert not set(before.units) & set(now.units)
    assert before.checkpoint != now.checkpoint


def test_damaged_pseudo_labels_are_told(project: Project):
    file = project.rounds[1].file("training.json")
    stored = json.loads(file.read_text())
    for wrong in ({**stored["pseudo"], "units": {"x": 300}}, [], {"units": {}}):
        file.write_text(json.dumps({**stored, "pseudo": wrong}))
        with pytest.raises(ProjectError, match="is damaged"):
            training_set(project, project.rounds[1])
    file.write_text(json.dumps({**stored, "pseudo": {**stored["pseudo"], "fingerprint": "x"}}))
    with pytest.raises(ProjectError, match="another preparation"):
        with_pseudo(project, training_set(project, project.rounds[1]))


def test_another_strategy_asks_for_its_own_look_and_gets_it(project: Project):
    """bald lacks its column; once it is the project's strategy, scoring brings it."""
    with pytest.raises(ProjectError, match="second look") as told:
        steps.ask(project, Job(), strategy="bald", units=2)
    assert "--set query.strategy=bald" in told.value.do
    use(project, project.settings.override("query.strategy", "bald", source="test"))
    network.score(project, Job())
    asked = steps.ask(project, Job(), strategy="bald", units=2)
    scores = read_scores(project.rounds[1].folder, project.need_units())
    assert scores is not None
    best = max(
        np.flatnonzero(~np.isin(range(len(scores["mutual"])), project.need_units().find_all(
            project.answers.effective))).tolist(),
        key=lambda unit: (scores["mutual"][unit], -unit),
    )  # fmt: skip
    assert project.need_units().find(asked.query.items[0]) == best
    assert (scores["mutual"] > 0).any()


def test_the_eight_views_are_the_same_each_time(project: Project, tmp_path: Path):
    """Chance of a scan's own: whoever looks, and whatever was looked at before."""
    found, units = project.rounds[1], project.need_units()
    trained = Trained.check(found.checkpoint, project.classes, project.settings.train)
    scan = units.scans[1]
    rows = rows_file(project.units_folder / units.fingerprint, scan, project.dataset)
    told = []
    for place in ("a", "b"):
        look_around(
            trained, project.dataset, scan, (str(rows), len(units.range_of(scan))),
            project.settings.train, ("x", "y"), str(tmp_path / place),
        )  # fmt: skip
        (file,) = (tmp_path / place).rglob("*.npz")
        told.append(file.read_bytes())
        scorer.cache_clear()
    assert told[0] == told[1]
    assert VIEWS == 8


@pytest.mark.slow
def test_an_arm_that_ranks_by_it_shares_the_first_round(once: Path, tmp_path: Path):
    """Its project looks again before it asks; the first round itself was made for all arms."""
    text = TINY.replace('ent = "ent"', 'lidal = "lidal"\nbald = "bald"').replace("10%", "20%")
    spec = read_spec(str(tiny_spec(tmp_path, text)))
    experiment = opened(tmp_path / "out", spec, "equal", once / "scans", [0])
    set_up(experiment, Job(), workers=1)
    learning = Learning(network.train, network.evaluate, network.backend)
    assert run_cells(experiment, experiment.cells, learning, Job()) == {}
    for curve in curves(experiment):
        assert len(curve.records) == 2
        with Project(curve.folders[0].parents[1]) as project:
            first = read_scores(project.rounds[0].folder, project.need_units())
            assert first is not None
            more = {"lidal": {"divergence", "joint"}, "bald": {"mutual"}}.get(curve.arm, set())
            assert MORE.keys() & set(first) == more
            pseudo = training_set(project, project.rounds[1]).pseudo
            assert (pseudo is not None) == (curve.arm == "lidal")
