"""Which picture shows a unit: its scan's, else a neighbour's in which it stands still in sight."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from core.data.opening import open_dataset
from core.data.scans import Dataset
from gui.desk.pictures import elsewhere, inside, read_picture
from gui.look.theme import THEMES
from gui.panels.context import whose
from gui.panels.picture import PicturePart, brightened
from tests.gui.panels.stage import FOCAL, HIGH, WIDE, drive, ground, post


def opened(root: Path) -> Dataset:
    return open_dataset("semantickitti", root, ["00"], [])


def seen_from(thing: np.ndarray, *ahead: float) -> list[np.ndarray]:
    """Scans of the road and a thing, by how far the car has driven."""
    return [np.concatenate([ground(), thing - (x, 0, 0)]) for x in ahead]


THING = post(2, 0.5, 1.5, wide=0.6)  # two metres before the first scan


def test_a_neighbour_shows_what_is_behind_the_car(qapp, tmp_path: Path):
    """The car drives 4 m a scan: in the fourth the thing is 4 m behind. In the second, 4 m before
    it, its foot is below the picture's border; the first, 8 m before it, has it whole."""
    thing = THING + np.array([6, 0, 0])
    drive(tmp_path, 4.0, *seen_from(thing, 0, 4, 8, 12))
    dataset = opened(tmp_path)
    found = elsewhere(dataset, dataset.train[3], thing - (12, 0, 0), 0.0)
    assert found is not None
    assert found.steps == -3
    # By hand: column = 300 - 300 y / x, line = 100 - 300 z / x, as the first scan has it.
    x, y, z = thing.T
    expected = np.column_stack([WIDE / 2 - FOCAL * y / x, HIGH / 2 - FOCAL * z / x])
    np.testing.assert_allclose(found.places, expected, atol=0.01)
    assert QColor(found.image.pixel(5, 5)) == QColor(120, 120, 120)  # the first's


def test_the_nearest_in_time_that_holds_all_is_taken(qapp, tmp_path: Path):
    thing = THING + np.array([10, 0, 0])
    drive(tmp_path, 2.0, *seen_from(thing, 0, 2, 4, 14))
    (tmp_path / "sequences/00/poses.txt").write_text(
        "".join(f"1 0 0 0 0 1 0 0 0 0 1 {x}\n" for x in (0, 2, 4, 14))
    )
    dataset = opened(tmp_path)
    found = elsewhere(dataset, dataset.train[3], thing - (14, 0, 0), 0.0)
    assert found is not None
    assert found.steps == -1
    assert len(found.places) == len(thing)


def test_what_has_moved_or_was_hidden_is_not_taken(qapp, tmp_path: Path):
    """The picture before holds the place, but no point of that scan is there."""
    thing = THING + np.array([6, 0, 0])
    moved = [
        np.concatenate([ground(), thing + np.array([3, 1, 0])]),
        np.concatenate([ground(), thing - (12, 0, 0)]),
    ]
    drive(tmp_path, 12.0, *moved)
    dataset = opened(tmp_path)
    assert elsewhere(dataset, dataset.train[1], thing - (12, 0, 0), 0.0) is None
    drive(tmp_path, 12.0, np.concatenate([ground(), thing]), moved[1])
    assert elsewhere(dataset, dataset.train[1], thing - (12, 0, 0), 0.0) is not None


def test_without_poses_only_the_own_picture_is_looked_at(qapp, tmp_path: Path):
    drive(tmp_path, 12.0, *seen_from(THING + np.array([6, 0, 0]), 0, 12))
    (tmp_path / "sequences/00/poses.txt").unlink()
    dataset = opened(tmp_path)
    assert elsewhere(dataset, dataset.train[1], THING - (6, 0, 0), 0.0) is None
    picture = read_picture(dataset, dataset.train[0])
    places, share = inside(picture.camera, THING + np.array([6, 0, 0]), picture.image.size())
    assert share == 1
    assert len(places) == len(THING)


def test_whose_picture_it_is():
    assert [whose(steps) for steps in (0, -1, -3, 2)] == [
        "Camera",
        "Camera · from the scan before",
        "Camera · from the scan 3 before",
        "Camera · from the scan 2 after",
    ]


# -- the widget -------------------------------------------------------------------------------


@pytest.fixture
def part(qtbot) -> PicturePart:
    made = PicturePart(THEMES["dark"])
    qtbot.addWidget(made)
    made.resize(400, 150)
    image = QImage(1200, 400, QImage.Format.Format_RGB32)
    image.fill(QColor(128, 128, 128))
    places = np.array([(600, 200), (620, 200), (600, 290), (620, 290)], float)
    made.show_part(image, places, "Camera")
    made.show()
    return made


def turn(widget, steps: int) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        widget.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_the_crop_is_so_many_times_the_units_height(part):
    shown = part.part()
    assert shown.height() == pytest.approx(2.4 * 90, abs=0.1)
    assert shown.width() / shown.height() == pytest.approx(400 / 150)
    assert shown.center().x() == pytest.approx(610)
    part.show_part(part.image, np.array([(600.0, 200.0)]), "Camera")
    assert part.part().height() == pytest.approx(130)
    part.show_part(part.image, np.array([(2.0, 399.0)]), "Camera")  # in the corner
    assert part.part().left() == pytest.approx(0)
    assert part.part().bottom() == pytest.approx(400)


def test_the_outline_goes_around_all_places_and_hides_none(part):
    image = part.grab().toImage()
    shown = part.part()
    scale = part.width() / shown.width()
    for place in ((600, 200), (620, 200), (600, 290), (620, 290), (610, 245)):
        x, y = (np.array(place) - (shown.x(), shown.y())) * scale
        assert QColor(image.pixel(int(x), int(y))) == QColor(128, 128, 128)
    across = [QColor(image.pixel(x, 75)) for x in range(image.width())]
    pink = [x for x, colour in enumerate(across) if colour.red() > 200 > 120 > colour.green()]
    left, right = ((x - shown.x()) * scale for x in (600, 620))
    assert min(pink) == pytest.approx(left - 5, abs=2)
    assert max(pink) == pytest.approx(right + 5, abs=2)


def test_the_wheel_shows_more_up_to_the_whole_picture_and_back(part):
    crop = part.part()
    turn(part, -1)
    more = part.part()
    assert crop.height() < more.height() < 400
    assert more.contains(crop)
    turn(part, -10)
    assert part.part().contains(part.image.rect())
    turn(part, 10)
    assert part.part() == crop


def test_what_stands_in_the_shade_is_brightened_and_nothing_else(qapp):
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(QColor(128, 128, 128))
    shade = QRect(10, 5, 20, 10)
    for x in range(shade.left(), shade.right() + 1):
        for y in range(shade.top(), shade.bottom() + 1):
            image.setPixelColor(x, y, QColor(20, 20, 20))
    lifted, changed = brightened(image, shade)
    assert changed
    assert 70 <= QColor(lifted.pixel(15, 8)).green() <= 90
    same, changed = brightened(image, QRect(40, 20, 10, 10))
    assert not changed
    assert QColor(same.pixel(15, 8)) == QColor(20, 20, 20)
    assert not brightened(image, QRect())[1]
