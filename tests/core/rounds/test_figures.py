"""mIoU over the classes of the truth, and the benchmarks' own figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.data.class_changes import merged, new_row, with_rows
from core.data.class_rows import ignored_of, rows_of
from core.data.classes import load_classes
from core.rounds.figures import figures, words
from core.rounds.round import Round
from tests.official import scores

KITTI = load_classes("semantickitti").names
NUSCENES = load_classes("nuscenes").names


def sparse(seed: int, count: int) -> np.ndarray:
    """A confusion whose last 5 classes do not occur in the truth; some of them are predicted."""
    matrix = np.random.default_rng(seed).integers(0, 50, (count, count))
    matrix[-5:] = 0
    matrix[:, -3:] = 0
    return matrix


def test_one_point_of_an_absent_class_changes_nothing_but_the_official_figure():
    matrix = np.zeros((19, 19), np.int64)
    matrix[0, 0], matrix[1, 1] = 10, 10
    before = figures(matrix, KITTI)
    assert (before["miou"], before["miou_classes"], before["all_classes"]) == (1.0, 2, 19)
    matrix[0, 0], matrix[0, 2] = 9, 1
    after = figures(matrix, KITTI)
    assert after["miou"] == pytest.approx((0.9 + 1) / 2)
    assert after["miou_classes"] == 2
    assert after["official"]["miou"] == pytest.approx(1.9 / 19)


@pytest.mark.parametrize("seed", range(3))
def test_each_benchmark_counts_in_its_own_way(seed: int):
    """The references count as the official scripts do, class 0 for none."""
    for names, mean in ((KITTI, np.sum), (NUSCENES, None)):
        count = len(names)
        matrix = sparse(seed, count)
        with_none = np.zeros((count + 1, count + 1), np.int64)
        with_none[1:, 1:] = matrix
        each = scores(with_none)
        wanted = np.nansum(each) / 19 if mean else np.nanmean(each)
        found = figures(matrix, names)
        assert found["official"]["miou"] == pytest.approx(wanted)
        assert found["miou"] == pytest.approx(np.mean(each[: count - 5]))
        assert found["miou_classes"] == count - 5


def test_other_class_lists_and_merged_ones_have_no_benchmark():
    assert figures(sparse(0, 19), ["x", *KITTI[1:]])["official"] is None
    assert figures(sparse(0, 19), KITTI, merged=True)["official"] is None
    nothing = figures(np.zeros((19, 19), np.int64), KITTI)
    assert (nothing["miou"], nothing["official"], nothing["miou_classes"]) == (None, None, 0)


def test_words_tell_over_what_and_the_official_figure():
    matrix = np.diag(np.arange(19) < 4).astype(np.int64) * 10
    matrix[0, 1] = 10
    found = figures(matrix, KITTI)
    assert words(found) == ("75.0% over 4 of 19 classes; SemanticKITTI's own figure 15.8%")
    assert words({"miou": 0.5}) == "50.0%"
    assert words(None) == words({"miou": None}) == "–"


def old_file(folder: Path, **changes: object) -> Round:
    """metrics.json as version 0.1.0 wrote it, its mean over truth or prediction."""
    matrix = sparse(1, 19)
    each = np.nan_to_num(np.diag(matrix) / (matrix.sum(0) + matrix.sum(1) - np.diag(matrix) + 1e-9))
    iou = {name: float(v) for name, v in zip(KITTI, each, strict=True)}
    stored = {"miou": 0.5, "iou": iou, "confusion": matrix.tolist(), "ranges": [], "scans": 1}
    (folder / "metrics.json").write_text(json.dumps(stored | changes))
    return Round(folder)


def test_old_files_are_read_and_count_as_new_ones_do(tmp_path: Path):
    found = old_file(tmp_path).metrics()
    assert found is not None
    wanted = figures(sparse(1, 19), KITTI)
    assert {name: found[name] for name in wanted} == wanted
    assert found["miou"] != 0.5


def slowly_merged(matrix: np.ndarray, source: int, into: int) -> np.ndarray:
    found = matrix.copy()
    found[into] += found[source]
    found[:, into] += found[:, source]
    found[source] = found[:, source] = 0
    return found


def test_figures_follow_a_merge_and_its_undo(tmp_path: Path):
    """Whether they were measured before it or while it held; the file has each class by itself."""
    classes, matrix = load_classes("semantickitti"), sparse(1, 19)
    merged_now = merged(classes, 3, 5, time="", by="")
    twice = merged(merged_now, 5, 8, time="", by="")
    plain = old_file(tmp_path).metrics(classes)
    assert plain is not None
    once = slowly_merged(matrix, 3, 5)
    for changes in ({}, {"miou_classes": 2, "merged": True}):
        one = old_file(tmp_path, **changes)
        for now, wanted in ((merged_now, once), (twice, slowly_merged(once, 5, 8))):
            found = one.metrics(now)
            assert found is not None
            assert found["confusion"] == wanted.tolist()
            assert found["miou"] == figures(wanted, KITTI)["miou"] != plain["miou"]
            assert found["official"] is None
            assert found["iou"][KITTI[3]] is None
            hit, all_of = wanted[8, 8], wanted[8].sum() + wanted[:, 8].sum() - wanted[8, 8]
            assert found["iou"][KITTI[8]] == pytest.approx(hit / all_of)
        back = one.metrics(classes)
        assert back is not None
        for name in ("miou", "miou_classes", "official", "confusion"):
            assert back[name] == plain[name]
        assert back["official"] is not None


def test_a_class_that_was_added_since_takes_what_is_merged_into_it(tmp_path: Path):
    classes = load_classes("semantickitti")
    rows = rows_of(classes)
    more = with_rows(classes, [*rows, new_row(rows, ignored_of(classes), "crane")])
    found = old_file(tmp_path).metrics(merged(more, 3, 19, time="", by=""))
    assert found is not None
    matrix = np.zeros((20, 20), np.int64)
    matrix[:19, :19] = sparse(1, 19)
    assert found["confusion"] == slowly_merged(matrix, 3, 19).tolist()
    assert list(found["iou"]) == [*KITTI, "crane"]
    for lost in ({"iou": {"car": 0.5}}, {"confusion": "much"}):
        with pytest.raises(ProjectError, match=r"metrics.json is damaged"):
            old_file(tmp_path, miou_classes=3, **lost).metrics(
                merged(classes, 3, 5, time="", by="")
            )


@pytest.mark.parametrize(
    "changes",
    [
        {"confusion": [[1]]},
        {"confusion": "much"},
        {"miou_classes": -1},
        {"miou_classes": 3, "official": {"miou": 2, "benchmark": "x"}},
        {"miou_classes": 3, "official": [1]},
        {"miou_classes": 3, "official": {}},
    ],
)
def test_figures_that_are_none_are_told(tmp_path: Path, changes: dict):
    with pytest.raises(ProjectError, match=r"metrics.json is damaged"):
        old_file(tmp_path, **changes).metrics()
