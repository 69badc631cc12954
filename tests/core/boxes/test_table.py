"""The table of a frame's boxes: read only, checked, and honest about what it does not know."""

from __future__ import annotations

import numpy as np
import pytest

from core.boxes.table import NONE, Boxes, joined, problem

CAR = (1.0, 2.0, 3.0, 4.0, 2.0, 1.5, 0.5)


def two() -> Boxes:
    picture = [(1, 2, 3, 4), (5, 6, 7, 8)]
    return Boxes.of([CAR, CAR], [0, 3], track=["7", ""], alpha=[0.1, 0.2], picture=picture)


def test_what_is_not_said_is_unknown():
    boxes = Boxes.of([CAR], [3])
    assert (len(boxes), boxes.label.dtype, boxes.box.dtype) == (1, np.uint8, np.float64)
    assert boxes.track.tolist() == [""]
    assert np.isnan([boxes.score[0], boxes.truncated[0], boxes.alpha[0], boxes.picture[0, 0]]).all()
    assert (boxes.occluded[0], boxes.ignore[0], len(boxes.regions)) == (-1, False, 0)


def test_it_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        two().box[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        two().take([1]).label[0] = 1


def test_its_arrays_are_its_own():
    rows = np.array([CAR])
    boxes = Boxes.of(rows, [0])
    rows[0, 0] = 9
    assert boxes.box[0, 0] == 1


def test_yaw_is_wrapped_and_else_kept():
    boxes = Boxes.of([(*CAR[:6], 3.5), (*CAR[:6], -np.pi), CAR], [0, 0, 0])
    np.testing.assert_allclose(boxes.box[:, 6], [3.5 - 2 * np.pi, -np.pi, 0.5])


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (0, np.nan, "its x is no finite number"),
        (6, np.inf, "its yaw is no finite number"),
        (3, -1, "its length is -1, and a size is larger than 0"),
        (4, 0, "its width is 0, and a size is larger than 0"),
        (5, np.nan, "its height is no finite number"),
    ],
)
def test_what_is_no_box(column: int, value: float, said: str):
    row = np.array(CAR)
    row[column] = value
    assert problem(row) == said
    with pytest.raises(ValueError, match=said):
        Boxes.of([row], [0])


def test_an_edit_forgets_what_the_picture_said():
    boxes = two().edited(0, (*CAR[:6], 1.0))
    assert boxes.box[0, 6] == 1
    assert np.isnan(boxes.alpha[0])
    assert np.isnan(boxes.picture[0]).all()
    assert (boxes.alpha[1], boxes.track[0]) == (0.2, "7")


def test_rows_are_taken_and_joined():
    assert joined([two().take([0]), two().take([False, True])]).equals(two())
    assert joined([]).equals(NONE)
    assert not two().equals(two().take([1, 0]))
