"""A class list is changed and no answer is: exported bytes, counts, merges and their undo."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import steps
from core.base.errors import ProjectError, SettingsError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.data.class_changes import moved, new_row, with_rows
from core.data.class_rows import ignored_of, rows_of
from core.data.classes import KEYS
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.exchange.merge import merge as merge_journals
from core.project.change_classes import change_rows, merge, undo_merge
from core.project.pool import pool_of
from core.project.project import Project
from core.project.status import status
from core.query.strategies.pieces import predicted_classes
from core.rounds.predictions import new_prediction_file
from tests.streets import CAR, POLE, give, scored, small_project, small_scan, write_scan

IGNORED_IDS = (0, 1, 52, 99)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An answered project on two scans."""
    place = tmp_path_factory.mktemp("classes")
    for number, name in enumerate(("00/velodyne/000000", "00/velodyne/000001", "08/velodyne/0")):
        write_scan(place / "scans", f"sequences/{name}", *small_scan(number))
    with small_project(place / "p", place / "scans") as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), strategy="random", units=3)
        for unit in range(len(project.need_units())):
            give(project, unit, unit % 19)
    return place


@pytest.fixture
def project(template: Path, tmp_path: Path):
    shutil.copytree(template / "p", tmp_path / "p")
    with Project(tmp_path / "p") as found:
        yield found


def exported(project: Project, out: Path, what: str = "labels") -> dict[str, bytes]:
    export(project, out, Job(), what=what)
    found = {str(f.relative_to(out)): f.read_bytes() for f in out.rglob("*.label")}
    shutil.rmtree(out)
    return found


def journals(project: Project) -> dict[str, list]:
    return {e.scan: [e.classes.tolist(), e.seq] for e in project.answers.entries()}


CHANGE = st.one_of(
    st.tuples(st.just("rename"), st.integers(0, 18), st.text("abcxyz", min_size=1, max_size=5)),
    st.tuples(st.just("recolour"), st.integers(0, 18), st.integers(0, 0xFFFFFF)),
    st.tuples(st.just("key"), st.integers(0, 18), st.sampled_from(KEYS)),
    st.tuples(st.just("move"), st.integers(0, 18), st.integers(0, 30)),
    st.tuples(st.just("add"), st.just(0), st.text("abcxyz", min_size=1, max_size=5)),
)


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(CHANGE, max_size=8))
def test_no_change_of_names_colours_keys_order_or_number_changes_an_exported_byte(
    template: Path, tmp_path_factory: pytest.TempPathFactory, changes: list
):
    place = tmp_path_factory.mktemp("changed")
    shutil.copytree(template / "p", place / "p")
    with Project(place / "p") as project:
        before, written = exported(project, place / "out"), journals(project)
        counts = project.answers.fold.class_counts()
        for what, number, value in changes:
            rows = rows_of(project.classes)
            changed = {
                "rename": lambda row, value=value: replace(row, name=value),
                "recolour": lambda row, value=value: replace(row, colour=f"#{value:06x}"),
                "key": lambda row, value=value: replace(row, key=value),
            }
            try:
                if what == "move":
                    project.use_classes(moved(project.classes, number, value))
                elif what == "add":
                    change_rows(project, [*rows, new_row(rows, ignored_of(project.classes), value)])
                else:
                    rows[number] = changed[what](rows[number])
                    change_rows(project, rows)
            except SettingsError:
                continue  # a name or key that another has: told, and nothing is changed
        names, order = project.classes.names, project.classes.shown
        assert exported(project, place / "out") == before
        assert journals(project) == written
    with Project(place / "p") as again:
        assert (again.classes.names, again.classes.shown) == (names, order)
        assert sorted(order) == list(range(len(names)))
        assert exported(again, place / "out") == before
        assert again.answers.fold.class_counts() == counts


def test_another_raw_id_changes_the_bytes_of_its_class_alone(project: Project, tmp_path: Path):
    before = exported(project, tmp_path / "out")
    rows = rows_of(project.classes)
    old = rows[3].raw
    rows[3] = replace(rows[3], raw=333, raw_ids=(*rows[3].raw_ids, old))
    change_rows(project, rows)
    after = exported(project, tmp_path / "out")
    assert after.keys() == before.keys()
    for name in before:
        was, now = (np.frombuffer(found[name], "<u4") for found in (before, after))
        np.testing.assert_array_equal(now, np.where(was == old, 333, was))
    rows[3] = replace(rows[3], raw=70_000)
    with pytest.raises(SettingsError, match="out of range"):
        change_rows(project, rows)


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 18), st.integers(0, 18)), min_size=1, max_size=6))
def test_merges_are_followed_everywhere_and_undone_without_a_trace(
    template: Path, tmp_path_factory: pytest.TempPathFactory, pairs: list
):
    """Against a slow reference: the labels, class by class, by the chain of merges."""
    place = tmp_path_factory.mktemp("merged")
    shutil.copytree(template / "p", place / "p")
    with Project(place / "p") as project:
        before, written = exported(project, place / "out"), journals(project)
        labels = {scan: project.labels(scan) for scan in project.dataset.train}
        done = []
        for source, into in pairs:
            try:
                merge(project, source, into)
            except SettingsError:
                continue
            done.append((source, into))

        def counting(found: int) -> int:
            for source, into in done:
                found = into if found == source else found
            return found

    with Project(place / "p") as project:
        counts: dict[int, int] = {}
        for scan, was in labels.items():
            wanted = [counting(int(one)) for one in was]
            assert project.labels(scan).tolist() == wanted
            for one in wanted:
                counts[one] = counts.get(one, 0) + 1
        counts.pop(252, None)
        assert project.answers.fold.class_counts() == counts
        assert set(project.classes.shown) == set(range(19)) - {source for source, _ in done}
        assert journals(project) == written
        raw = np.array([*project.classes.class_to_raw, *[0] * 237], np.uint32)
        for scan, was in labels.items():
            file = scan.replace("velodyne", "labels") + ".label"
            wanted_raw = raw[[counting(int(one)) for one in was]]
            assert exported(project, place / "out")[file] == wanted_raw.astype("<u4").tobytes()
        for _ in done:
            undo_merge(project)
        assert exported(project, place / "out") == before
        assert not project.classes.merges
        with pytest.raises(SettingsError, match="nothing to undo"):
            undo_merge(project)


def test_answers_that_are_given_while_a_merge_holds_stay(project: Project):
    merge(project, 4, 3)
    give(project, 0, 4)  # as a script may: kept as said, counted as the other
    give(project, 1, 3)
    unit = project.need_units().name(0)
    assert project.answers.effective[unit].main_class() == 3
    entry = project.answers.entry(project.answers.effective[unit])
    assert set(entry.classes.tolist()) == {3}
    assert undo_merge(project).source == 4
    assert project.answers.effective[unit].main_class() == 4
    assert project.answers.effective[project.need_units().name(1)].main_class() == 3


def test_labels_that_are_imported_while_a_merge_holds_are_kept_as_they_are(
    template: Path, tmp_path: Path
):
    out = []
    for merged in (False, True):
        with small_project(tmp_path / f"p{merged}", template / "scans") as project:
            if merged:
                merge(project, 0, 17)
            import_labels(project, template / "scans", Job())
            if merged:
                counts = project.answers.fold.class_counts()
                assert 0 not in counts
                assert counts[17] > 0
                for name, content in exported(project, tmp_path / "out").items():
                    raw = np.frombuffer(content, "<u4")
                    came = np.frombuffer((template / "scans" / name).read_bytes(), "<u4")
                    np.testing.assert_array_equal(raw, np.where(came == CAR, POLE, came))
                undo_merge(project)
            out.append(exported(project, tmp_path / "out"))
    assert out[0] == out[1]


def test_a_merge_is_seen_in_truth_and_predictions(project: Project, tmp_path: Path):
    scored(project)
    dataset, tip = project.dataset, project.tip
    for scan in (*dataset.train, *dataset.validation):
        classes = np.arange(dataset.count(scan)) % 19
        write_arrays(
            new_prediction_file(project.predictions(tip), scan),
            {"classes": classes.astype(np.uint8)},
        )
    scan = dataset.train[0]
    merge(project, 0, 17)
    assert 0 not in project.dataset.ground_truth(scan, project.classes)
    files = exported(project, tmp_path / "out", "predictions")
    for name, content in files.items():
        raw = np.frombuffer(content, "<u4")
        assert 10 not in raw, name
        assert 80 in raw


def test_units_are_grouped_by_the_classes_of_now(project: Project):
    """All are predicted as class 0, which counts as 17 since."""
    scored(project)
    merge(project, 0, 17)
    pool = pool_of(project, project.last_scored(), {})
    assert set(pool.columns["predicted"].tolist()) == {17}
    assert [group.words for group in predicted_classes(pool)] == ["predicted class 17"]


@pytest.mark.parametrize("into", [3, 17])
def test_probabilities_of_merged_classes_are_added_up(project: Project, into: int):
    """By hand; also where they count as a class that the network did not know."""
    scored(project)
    before = np.array(pool_of(project, project.last_scored(), {}).columns["mean_p"])
    merge(project, 1, into)
    merge(project, 2, into)
    now = pool_of(project, project.last_scored(), {}).columns["mean_p"]
    home, others = (3, [1, 2]) if into == 3 else (1, [2])
    members = sorted({1, 2, home})
    assert now.shape == before.shape
    np.testing.assert_allclose(now[:, home], before[:, members].sum(axis=1), atol=2e-3)
    assert not now[:, others].any()
    left = [k for k in range(4) if k not in members]
    np.testing.assert_array_equal(now[:, left], before[:, left])
    undo_merge(project)
    undo_merge(project)
    again = pool_of(project, project.last_scored(), {}).columns["mean_p"]
    np.testing.assert_array_equal(again, before)


def test_a_key_that_was_taken_meanwhile_is_left_to_its_class(project: Project):
    merge(project, 4, 3)
    key = project.classes.keys[4]
    rows = rows_of(project.classes)
    change_rows(project, [*rows, new_row(rows, IGNORED_IDS, "crane", key=key, raw=500)])
    undo_merge(project)
    assert project.classes.keys[19] == key
    assert project.classes.keys[4] not in (key, "")
    assert len(set(project.classes.keys)) == 20


@pytest.mark.parametrize(("source", "into"), [(3, 3), (4, 5), (5, 4)])
def test_merges_that_make_no_sense_are_refused(project: Project, source: int, into: int):
    merge(project, 4, 3)
    before = (project.path / "classes.toml").read_bytes()
    with pytest.raises(SettingsError, match=r"itself|already"):
        merge(project, source, into)
    assert (project.path / "classes.toml").read_bytes() == before


def test_a_list_that_lost_its_last_class_is_noticed(project: Project):
    path = project.path
    project.close()
    text = (path / "classes.toml").read_text()
    (path / "classes.toml").write_text(text[: text.rindex("[[class]]")])
    with pytest.raises(ProjectError, match="18 classes, but answers are of one with the id 18"):
        Project(path)


def test_no_class_is_ever_taken_away(project: Project):
    with pytest.raises(SettingsError, match="Merge it"):
        with_rows(project.classes, rows_of(project.classes)[:-1])


def test_rounds_show_their_figures_under_the_names_of_now(project: Project):
    rows = rows_of(project.classes)
    names = list(project.classes.names)
    iou = {name: place / 19 for place, name in enumerate(names)}
    project.tip.file("metrics.json").write_text(str({"miou": 0.5, "iou": iou}).replace("'", '"'))
    rows[0] = replace(rows[0], name="auto")
    change_rows(project, [*rows, new_row(rows, IGNORED_IDS, "crane")])
    shown = status(project, backend="")["rounds"][0]["iou"]
    assert list(shown.values()) == list(iou.values())
    assert list(shown) == ["auto", *names[1:]]


def test_journals_of_another_class_list_are_refused(project: Project, template: Path, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(template / "p", other)
    for file in (other / "journals").iterdir():
        file.unlink()
    with Project(other) as theirs:
        rows = rows_of(theirs.classes)
        change_rows(theirs, [*rows, new_row(rows, IGNORED_IDS, "crane")])
    with pytest.raises(ProjectError, match="crane"):
        merge_journals(project, [other])
    rows = rows_of(project.classes)
    change_rows(project, [*rows, new_row(rows, IGNORED_IDS, "rail")])
    with pytest.raises(ProjectError, match=r"rail here and crane there"):
        merge_journals(project, [other])
