"""Views of a unit: to scale, along the scanner's ray, its points where they must be."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage

from gui.desk.background import Background
from gui.desk.sizes import footprint, hull
from gui.look.theme import THEMES, contrast
from gui.panels.context import arrangement
from gui.panels.place import Place
from gui.panels.side import ABOVE, RIGHT, SCANNER, Side
from gui.panels.subject import Subject
from tests.gui.panels.stage import GROUND_M, content_of, ground, post, subject_of

THEME = THEMES["dark"]


@pytest.fixture
def background():
    made = Background(1, "drawing")
    yield made
    made.shut()


def pixels(widget) -> np.ndarray:
    """(height, width, 3) blue, green, red of what a widget shows."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return data[..., :3].copy()


def lit(widget, colour: tuple[int, int, int]) -> np.ndarray:
    """(n, 2) x, y of the pixels of a colour."""
    return np.argwhere((pixels(widget) == colour[::-1]).all(axis=2))[:, ::-1]


def shown(qtbot, aspect, subject: Subject, background, size=(300, 200)) -> Side:
    side = Side(aspect, THEME, background)
    qtbot.addWidget(side)
    side.resize(*size)
    side.show_unit(subject)
    side.pixels = side.fits()
    side.show()
    qtbot.waitUntil(lambda: side.grab() is not None and side.finished)
    return side


def test_places_are_along_the_ray_and_over_the_ground():
    """A unit at the scanner's left, so the ray is along y: the car's x is to its right."""
    subject = subject_of(post(0, 10, 2), post(1, 10, 1), post(0, 13, 1))
    unit, beside, behind = subject.placed[:, 0], subject.placed[:, 60], subject.placed[:, 120]
    np.testing.assert_allclose(unit, (0, 0, 0), atol=0.02)
    np.testing.assert_allclose(beside, (1, 0, 0), atol=0.02)
    np.testing.assert_allclose(behind, (0, 3, 0), atol=0.02)
    np.testing.assert_allclose(subject.placed[2, 59], 2, atol=0.02)


@pytest.mark.parametrize(
    ("aspect", "across", "upward"),
    [
        (SCANNER, (1, 0, 0), (0, 0, 1)),
        (RIGHT, (0, 1, 0), (0, 0, 1)),
        (ABOVE, (1, 0, 0), (0, 1, 0)),
    ],
)
def test_both_axes_have_one_scale_and_left_is_left(qtbot, background, aspect, across, upward):
    side = shown(qtbot, aspect, subject_of(post(8, -6, 2, wide=1)), background)
    sight = side.sight()
    at, right, over = (
        sight.place(np.array([p], float).T)[:, 0] for p in ((0, 0, 0), across, upward)
    )
    np.testing.assert_allclose(right - at, (side.pixels, 0), atol=1e-3)
    np.testing.assert_allclose(over - at, (0, -side.pixels), atol=1e-3)


def test_the_outline_goes_around_the_unit_where_it_stands(qtbot, background):
    """A board of 2 x 1 m: its outline begins three pixels from where it ends."""
    unit = np.concatenate([post(10, y, 2, count=120) for y in np.linspace(-0.5, 0.5, 41)])
    side = shown(qtbot, SCANNER, subject_of(unit, post(10, 2, 3)), background)
    found = lit(side, THEME.rgb("outline"))
    ends = side.sight().place(np.array([(-0.5, 0, 0), (0.5, 0, 2)], float).T)
    (left, right), (bottom, top) = ends
    np.testing.assert_allclose(found.min(axis=0), (left, top), atol=8)
    np.testing.assert_allclose(found.max(axis=0), (right, bottom), atol=8)
    assert found[:, 0].min() < left
    assert found[:, 0].max() > right
    assert found[:, 1].min() < top
    # The other post, at the scanner's left, is in sight and outside of it.
    assert side.sight().place(np.array([(-2, 0, 0)], float).T)[0, 0] < found[:, 0].min()


def test_the_person_is_as_tall_as_people_are(qtbot, background):
    side = shown(qtbot, SCANNER, subject_of(post(10, 0, 3)), background)
    found = lit(side, THEME.rgb("good"))
    foot = side.sight().place(np.zeros((3, 1)))[1, 0]
    assert found[:, 1].max() == pytest.approx(foot, abs=3)
    assert np.ptp(found[:, 1]) == pytest.approx(1.75 * side.pixels, abs=5)


def test_of_a_long_low_thing_the_middle_is_shown_large(qtbot, background):
    fence = np.concatenate([post(10, y, 1, count=20) for y in np.linspace(-12, 12, 200)])
    side = shown(qtbot, SCANNER, subject_of(fence), background)
    assert side.pixels * 1.75 > 40  # of 200
    above = shown(qtbot, ABOVE, subject_of(fence), background)
    low, high = above.span()
    assert high[0] - low[0] > 24


def test_the_unit_is_brighter_than_what_is_around_it_and_both_are_seen(qtbot, background):
    """Two boards of the same make, side by side."""
    side = shown(qtbot, SCANNER, subject_of(post(10, 0, 2, 0.4), post(10, 1, 2, 0.4)), background)
    image = side.grab().toImage()

    def seen(right: float) -> float:
        x, y = side.sight().place(np.array([(right, 0, 1.0)]).T)[:, 0]
        near = [(int(x) + i, int(y) + j) for i in range(-4, 5) for j in range(-8, 9)]
        colours = [QColor(image.pixel(*at)).name() for at in near]
        return max(contrast(c, THEME.canvas) for c in colours if QColor(c) != pink)

    pink = QColor(*THEME.rgb("outline"))
    assert seen(0.2) > seen(-0.8) >= 2


def test_a_kerb_is_seen_from_above(qtbot, background):
    """Ground 12 cm higher on one side: another colour, where its plain height hardly differs."""
    road = ground(12, 0.15)
    road[road[:, 1] > 0, 2] += 0.12
    content = content_of(road, low=len(road))
    near = np.flatnonzero((abs(road[:, 0] - 6) < 3) & (abs(road[:, 1]) < 3))
    subject = Subject(content, near, is_ground=True)
    colours = subject.colours(near, dark=True).astype(int)
    left = content.points[near, 1] > 0
    assert np.abs(colours[left].mean(axis=0) - colours[~left].mean(axis=0)).sum() > 40
    assert subject.words().startswith("5.9 x 5.9 m of ground, uneven by 10 cm · 6 m")


def test_sizes_are_said_in_words():
    subject = subject_of(post(3, 4, 2, wide=1))
    assert subject.words() == "2.0 m high, 1.0 x 0.1 m · 5 m away"
    sign = post(0, -8, 1)[30:] + np.array([0, 0, 2])
    assert "50 cm" not in subject_of(sign).words()
    assert ", 2.5 m up" in subject_of(sign).words()


def under_a_beam(tall: float) -> tuple[Subject, float]:
    """A post 20 m away that is `tall`, in a street whose houses all end at the highest beam, and
    the height over the ground of that beam there."""
    turn = np.linspace(-np.pi, np.pi, 720)
    beam = np.radians(2.5)
    houses = [
        np.column_stack([25 * np.cos(turn), 25 * np.sin(turn), np.full(720, 25 * np.tan(angle))])
        for angle in np.linspace(-0.06, beam, 30)
    ]
    return subject_of(post(20, 0, tall), *houses), 20 * np.tan(beam) - GROUND_M


def test_what_reaches_the_highest_beam_may_be_higher():
    whole, top = under_a_beam(1.5)
    assert whole.words().startswith("1.5 m high")
    cut, top = under_a_beam(20 * np.tan(np.radians(2.5)) - GROUND_M)
    assert cut.words().startswith(f"at least {top:.1f} m high")
    np.testing.assert_allclose(
        cut.horizon(np.array([0.0, -5.0])), (top, top - 5 * 0.0437), atol=0.05
    )
    tower = subject_of(post(20, 0, 3), post(0, 20, 12), post(-20, 0, 9), post(0, -20, 12))
    assert not tower.is_cut


def test_what_the_scanner_cannot_see_is_hatched(qtbot, background):
    cut, top = under_a_beam(2.6)
    whole, _ = under_a_beam(2.6)
    assert cut.is_cut
    whole.__dict__["is_cut"] = False
    one, other = (pixels(shown(qtbot, SCANNER, unit, background)) for unit in (cut, whole))
    lines, _ = np.nonzero((one != other).any(axis=2))
    side = shown(qtbot, SCANNER, cut, background)
    beam = side.sight().place(np.array([[0.0], [0.0], [top]]))[1, 0]
    assert len(lines) > 0.1 * beam * side.width()
    assert lines.max() <= beam + 2


def test_the_footprint_of_a_turned_rectangle():
    turn = np.radians(30)
    side = np.stack(np.meshgrid(np.linspace(0, 4, 9), np.linspace(0, 1.5, 7)), -1).reshape(-1, 2)
    turned = side @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    np.testing.assert_allclose(footprint(turned), (4, 1.5), atol=0.01)
    np.testing.assert_allclose(footprint(turned[:1]), (0, 0), atol=0.01)


def test_a_hull_surrounds_every_place():
    places = np.random.default_rng(0).normal(0, 20, (300, 2))
    for part in (places, places[:1], np.repeat(places[:1], 5, axis=0)):
        corners = hull(part, 2.0)
        centre = corners.mean(axis=0)
        order = np.argsort(np.arctan2(*(corners - centre).T[::-1]))
        a = corners[order]
        along = np.roll(a, -1, axis=0) - a
        for place in part:
            off = place - a
            assert (along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0] > 0).all()


def test_the_map_has_what_is_ahead_of_the_car_upward(qtbot, background):
    for ahead, at in (((1.0, 0.0), (10, -5)), ((0.0, 1.0), (5, 10))):
        place = Place(ahead, THEME, background)
        qtbot.addWidget(place)
        place.resize(200, 200)
        place.show_unit(subject_of(post(*at, 2)))
        sight = place.sight()
        column, line = sight.place(np.array([at], float))[:, 0]
        # Ten metres ahead and five to the right.
        assert (column - 100) / sight.pixels == pytest.approx(5)
        assert (100 - line) / sight.pixels == pytest.approx(10)
        assert 0 < column < 200
        assert 0 < line < 200


@pytest.mark.parametrize("is_ground", [False, True])
@pytest.mark.parametrize("size", [(240, 240), (420, 560), (420, 300), (250, 900)])
def test_parts_share_the_column_without_overlap(size, is_ground: bool):
    box = QRect(3, 7, *size)
    placed = arrangement(box, is_ground=is_ground)
    assert ("reflection" in placed) == is_ground
    parts = list(placed.values())
    for number, part in enumerate(parts):
        assert box.contains(part)
        assert part.width() >= 60
        assert part.height() >= 30
        assert not any(part.intersects(other) for other in parts[:number])
    assert sum(p.width() * p.height() for p in parts) > 0.93 * box.width() * box.height()
    if is_ground:
        areas = {name: p.width() * p.height() for name, p in placed.items()}
        assert areas["above"] > 1.3 * max(areas[name] for name in ("scanner", "right", "map"))


def test_points_that_are_nowhere_are_left_out(qtbot, background):
    bad = np.full((5, 3), np.nan)
    bad[1] = np.inf
    content = content_of(post(9, 0, 2), bad, ground(), low=len(ground()))
    subject = Subject(content, np.arange(60), is_ground=False)
    side = shown(qtbot, SCANNER, subject, background)
    assert len(lit(side, THEME.rgb("outline")))
    assert subject.middle[2] == pytest.approx(GROUND_M, abs=0.02)
