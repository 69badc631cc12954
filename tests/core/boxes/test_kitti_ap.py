"""KITTI's AP is that of the public evaluators, number for number."""

from __future__ import annotations

import numpy as np
import pytest

from core.boxes.camera import AS_IF, InCamera, completed, from_camera
from core.boxes.evaluation.kitti_ap import Frame, kitti_ap
from core.boxes.table import Boxes
from tests.core.boxes.given import golden

GIVEN = golden("kitti_ap")
TYPES = GIVEN["names"]
NEIGHBOURS = {"Car": "Van", "Pedestrian": "Person_sitting", "Cyclist": None}
LIMITS = {
    "strict": {"Car": (0.7, 0.7, 0.7), "Pedestrian": (0.5,) * 3, "Cyclist": (0.5,) * 3},
    "loose": {"Car": (0.7, 0.5, 0.5), "Pedestrian": (0.5, 0.25, 0.25)},
}
LIMITS["loose"]["Cyclist"] = LIMITS["loose"]["Pedestrian"]


def table(rows, *, found: bool) -> Boxes:
    rows = np.array(rows, float).reshape(-1, 14 if found else 15)
    kind = rows[:, 0].astype(int)
    values = rows[:, 1:] / 100
    if found:
        values = np.column_stack([np.zeros((len(rows), 2)), values[:, :-1]])
    real = kind != TYPES.index("DontCare")
    regions = values[~real, 3:7]
    kind, values = kind[real], values[real]
    camera = InCamera(values[:, 7:10], values[:, 10:13], values[:, 13])
    return Boxes.of(
        from_camera(camera, AS_IF.tr),
        kind,
        score=rows[real, -1] / 10000 if found else np.full(len(kind), np.nan),
        truncated=values[:, 0],
        occluded=values[:, 1],
        alpha=values[:, 2],
        picture=values[:, 3:7],
        regions=regions,
    )


def frames(name: str) -> list[Frame]:
    given = GIVEN["sets"][name]
    pairs = zip(GIVEN["labels"][given["labels"]], given["detections"], strict=True)
    return [Frame(table(a, found=False), table(b, found=True)) for a, b in pairs]


@pytest.mark.parametrize("name", GIVEN["sets"])
def test_ap_is_the_golden_one(name: str):
    made, compared = frames(name), 0
    for kind, neighbour in NEIGHBOURS.items():
        near = [TYPES.index(neighbour)] if neighbour else []
        for strictness, limits in LIMITS.items():
            results = kitti_ap(made, TYPES.index(kind), limits[kind], near)
            for metric, found in results.items():
                wanted = GIVEN["sets"][name]["expected"][f"{kind}/{metric}/{strictness}"]
                np.testing.assert_allclose(found.r40, wanted[0], atol=1e-3)
                np.testing.assert_allclose(found.r11, wanted[1], atol=1e-3)
                if metric != "aos":
                    assert found.counted.tolist() == wanted[2]
                compared += 1
    assert compared == 24


def test_of_no_frames_there_is_nothing():
    found = kitti_ap([], 0, (0.7, 0.7, 0.7))["3d"]
    assert found.r40.tolist() == [0, 0, 0]
    assert found.counted.tolist() == [0, 0, 0]


def test_a_label_to_ignore_is_a_region_of_the_picture():
    given = frames("mixed")[0]
    labels = Boxes.of(
        **{
            **{name: getattr(given.labels, name) for name in ("box", "label", "alpha", "picture")},
            "truncated": given.labels.truncated,
            "occluded": given.labels.occluded,
            "ignore": np.ones(len(given.labels)),
        }
    )
    regions = Boxes.of(np.zeros((0, 7)), [], regions=given.labels.picture)
    a = kitti_ap([Frame(labels, given.found), *frames("mixed")[1:]], 0, (0.7,) * 3)
    b = kitti_ap([Frame(regions, given.found), *frames("mixed")[1:]], 0, (0.7,) * 3)
    for metric in a:
        np.testing.assert_array_equal(a[metric].r40, b[metric].r40)


def test_boxes_without_a_picture_are_completed_first():
    given = frames("near_perfect")
    bare = [
        Frame(frame.labels, Boxes.of(frame.found.box, frame.found.label, score=frame.found.score))
        for frame in given
    ]
    car = TYPES.index("Car")
    with pytest.raises(ValueError, match="complete them"):
        kitti_ap(bare, car, (0.7,) * 3)
    made = [Frame(f.labels, completed(f.found, AS_IF, None)) for f in bare]
    whole, again = (kitti_ap(some, car, (0.7,) * 3)["3d"].r40 for some in (given, made))
    assert whole[1] > 60
    np.testing.assert_allclose(again, whole, atol=6)  # the golden set's camera is another


def test_a_box_without_a_score_is_none():
    given = frames("mixed")[0]
    with pytest.raises(ValueError, match="no score"):
        kitti_ap([Frame(given.labels, given.labels)], 0, (0.7,) * 3)
