"""Charts by themselves: pointed at, enlarged, explained, taken along."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QTextDocument
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabWidget, QWidget

from core.base.errors import ProjectError
from core.data.class_colours import alike as alike_colours
from core.desk.asked import Asked
from core.desk.certainty import Certainty
from core.desk.class_parts import TRUTH, ClassParts
from core.desk.features import ANSWERED, FREE, OPEN, STATES, Plane
from core.desk.scans import MEASURES, Scans
from core.desk.sizes import Sizes
from core.experiment.lines import lines_of
from core.experiment.results import Curve
from core.quality.estimated import Interval
from gui.charts.asked import AskedChart
from gui.charts.certainty import CertaintyChart
from gui.charts.chart import Chart, Mark
from gui.charts.class_parts import ClassPartsChart
from gui.charts.curves import Curves
from gui.charts.ends import apart
from gui.charts.features import FINE, FeaturesChart
from gui.charts.lines import Lines
from gui.charts.quality import QualityChart
from gui.charts.scans import ScansChart
from gui.charts.sizes import SizesChart
from gui.charts.taken import Enlarged, csv_bytes, image_of, save, svg_of
from gui.look.theme import DARK, LIGHT, THEMES

LEFT = Qt.MouseButton.LeftButton


def rows_of(chart: Chart) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_bytes(chart).decode())))


def shown(chart: Chart, qtbot) -> Chart:
    qtbot.addWidget(chart)
    chart.resize(600, 420)
    chart.show()
    qtbot.waitExposed(chart)
    return chart


@pytest.fixture
def parts(qtbot) -> ClassPartsChart:
    """Of three classes in two size classes and the ground, one of them nowhere."""
    made = shown(ClassPartsChart(DARK), qtbot)
    counts = np.array([[5, 60, 900], [80, 15, 5], [0, 0, 0], [30, 300, 3]])
    names = ("road", "pole", "bicycle", "car")
    pool = counts.sum(axis=0)
    made.set_parts(
        ClassParts(TRUTH, names, ("1", "2", "ground"), counts, np.zeros(4, np.int64), pool, 3, 3),
        np.zeros(0, np.int8),
    )
    QApplication.processEvents()
    return made


def test_names_stand_beside_their_rows(parts: ClassPartsChart):
    """The first name is above, where the first row is: they were upside down."""
    chart = parts
    axis = chart.plot.getAxis("left")
    for row, name in enumerate(chart.rows):
        assert axis.names[row] == name
        mark = next(mark for mark in chart.marks if mark.key == (row, 0))
        assert mark.words.startswith(f"{name} in")
        box = axis.mapRectToScene(axis.boundingRect())
        y = box.bottom() - axis.part(row + 0.5) * box.height()
        assert y == pytest.approx(chart.on_screen([mark])[0][1], abs=4)


def test_only_a_control_is_dashed_in_grey_whatever_arms_are_called(qtbot):
    chart = shown(Curves(DARK), qtbot)
    records = tuple({"figures": {"miou": 0.1 * n}, "costs": {"points": n}} for n in (1, 2))
    arms = {"control-free": "strategy", "no news": "control"}
    drawn = {
        arm: [Curve(arm, 0, (Path(), Path()), records, kind=kind)] for arm, kind in arms.items()
    }
    chart.set_lines(lines_of(drawn, "points"), "points")
    QApplication.processEvents()
    pens = [item.opts["pen"] for item in chart.plot.listDataItems()]
    free, control = [pen for pen in pens if pen is not None and pen.width() == 2]
    assert (free.color(), free.style()) == (chart.colour(0), Qt.PenStyle.SolidLine)
    assert (control.color(), control.style()) == (QColor(DARK.quiet), Qt.PenStyle.DashLine)


def curve(arm: str, seed: int, miou: float) -> Curve:
    records = tuple(
        {"figures": {"miou": value}, "costs": {"points": cost}}
        for cost, value in ((10 + seed, 0.3), (20 + 5 * seed, miou))
    )
    return Curve(arm, seed, (Path(), Path()), records)


def test_an_arm_has_its_colour_whatever_others_have_come_to(qtbot):
    chart = shown(Curves(DARK), qtbot)
    chart.set_lines(lines_of({"random": [], "ent": [curve("ent", 0, 0.4)]}, "points"), "points")
    QApplication.processEvents()
    (line,) = [item for item in chart.plot.listDataItems() if item.opts.get("symbol") == "o"]
    assert line.opts["pen"].color() == chart.colour(1)


def test_an_interval_of_two_seeds_covers_nothing_and_seeds_stand_at_their_cost(qtbot):
    """Of 30 and 50 % at the end the t interval is ± 127 points."""
    chart = shown(Curves(DARK), qtbot)
    drawn = {"ent": [curve("ent", 0, 0.3), curve("ent", 1, 0.5)]}
    chart.set_lines(lines_of(drawn, "points"), "points")
    QApplication.processEvents()
    items = chart.plot.getPlotItem().items
    assert not [item for item in items if isinstance(item, pg.FillBetweenItem)]
    low, high = chart.plot.viewRange()[1]
    assert 25 < low < high < 55
    thin = [item for item in items if isinstance(item, pg.PlotCurveItem)]
    assert [item.getData()[0].tolist() for item in thin[:2]] == [[10, 20], [11, 25]]
    assert chart.plot.viewRange()[0][1] >= 25
    drawn["ent"].append(curve("ent", 2, 0.4))
    chart.set_lines(lines_of(drawn, "points"), "points")
    QApplication.processEvents()
    items = chart.plot.getPlotItem().items
    assert [item for item in items if isinstance(item, pg.FillBetweenItem)]


def test_classes_of_sizes_are_tried_by_keys_and_by_dragging_a_cut(qtbot):
    sizes = shown(SizesChart(DARK), qtbot)
    metres = np.array([1, 2, 3, 5, 8, 9, 14])
    clusters = np.array([3, 2, 2, 1, 1, 1, 1])
    points = clusters * metres * 30
    sizes.set_sizes(Sizes(metres, clusters, points, clusters / np.log(points)), (2, 5, 14))
    said = sizes.said.text().replace("\u200b", "")
    shares = "up to 2 m: 49 / 45 / 14; 3–5 m: 27 / 27 / 22; 6–14 m: 24 / 27 / 63."
    assert said == f"As prepared. % of information / clusters / points: {shares}"
    axis = sizes.plot.getAxis("left")
    (spacing, values), *_ = axis.tickValues(*axis.range, axis.height())
    written = axis.tickStrings(values, axis.autoSIPrefixScale * axis.scale, spacing)
    assert [float(text) for text in written] == pytest.approx(values), "800 was written for 0.8"
    sizes.classes.setFocus()
    sizes.classes.selectAll()
    QTest.keyClicks(sizes.classes, "2")
    assert sizes.cuts == sizes.found.cuts(2)
    assert sizes.said.text().startswith("Not as prepared")
    before = sizes.cuts
    line = sizes._lines[0]
    line.setValue(before[0] + 3.4)
    line.sigPositionChangeFinished.emit(line)
    assert sizes.cuts == (before[0] + 3, before[1])
    assert {row["size_class"] for row in rows_of(sizes)} == {"1", "2"}


def test_pictures_and_numbers_are_taken_along(parts: ClassPartsChart, tmp_path: Path):
    chart = parts
    theme = chart.theme
    image = image_of(chart)
    assert image.size() == chart.plot.viewport().size() * 3
    assert image.pixelColor(2, 2).lightness() > 240, "on white, whatever the window's colours"
    assert chart.theme is theme
    svg = svg_of(chart).decode()
    assert all(f">{name}</text>" in svg for name in chart.rows)
    save(chart, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == csv_bytes(chart)
    copy_numbers = chart.menu.actions()[1]
    copy_numbers.trigger()
    pasted = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert pasted == [list(row) for row in csv.reader(io.StringIO(csv_bytes(chart).decode()))]
    chart.menu.actions()[0].trigger()
    assert QGuiApplication.clipboard().image().size() == image.size()
    save(chart, tmp_path / "x.png")
    with pytest.raises(ProjectError, match="ends in no kind of file"):
        save(chart, tmp_path / "x.gif")


def test_lines_of_a_saved_picture_are_as_wide_as_on_the_screen(qtbot):
    """They were a third: of 3 pixels that stand for one on the screen they took one."""
    chart = shown(CertaintyChart(DARK), qtbot)
    zero, far = np.zeros((1, 2, 40), np.int64), np.full((1, 17), 500)
    said, sure = np.full((1, 10), 100), 100 * (np.arange(10)[None] + 0.5) / 10
    chart.set_certainty(
        Certainty("001-size", ("road",), zero, 3.0, said, np.zeros_like(said), sure, far, far, 1, 1)
    )
    chart.kind.setCurrentIndex(1)
    QApplication.processEvents()
    wide = []
    for sharp in (1, 3):
        image, mark = image_of(chart, sharp), chart.marks[7]
        x, y = chart.on_screen([mark])[0]
        row = round((y - 40) * sharp)  # above the mark: the line to the diagonal
        colours = [
            image.pixelColor(c, row) for c in range(round((x - 8) * sharp), round((x + 8) * sharp))
        ]
        wide.append(sum(c.red() - c.blue() > 100 for c in colours) / sharp)
    assert wide[0] == pytest.approx(3, abs=1)
    assert wide[1] == pytest.approx(wide[0], abs=1.2)


def test_a_chart_is_enlarged_and_explained(parts: ClassPartsChart):
    chart = parts
    QTest.mouseClick(chart.why, LEFT)
    assert chart.explain.isVisible()
    assert "Table I" in chart.explain.text()
    QTest.mouseClick(chart.large, LEFT)
    large = chart.window().findChild(Enlarged)
    QApplication.processEvents()
    assert large.isVisible()
    assert chart.inside.window() is large
    QTest.keyClick(large, Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert chart.inside.parent() is chart
    assert chart.large.isVisible()


def test_names_at_ends_are_apart_in_their_order_and_as_near_as_can_be():
    assert apart([10.0, 50.0], 10, 100) == [10, 50]
    assert apart([50.0, 50.0], 10, 100) == [45, 55]
    assert apart([1.0, 2.0, 3.0], 10, 100) == [5, 15, 25], "not below the edge"
    places = apart([20.0, 21.0, 80.0, 99.0, 99.5], 10, 100)
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(places))
    assert places[-1] <= 95 + 1e-9


def test_a_saved_svg_looks_as_the_saved_picture(qtbot):
    """Axes were drawn in another scale than what they measure, each mark with those beside it in a
    store of marks, and letters in any font."""
    chart = shown(CertaintyChart(DARK), qtbot)
    rng = np.random.default_rng(0)
    entropy = rng.integers(0, 900, (2, 2, 40))
    said = rng.integers(50, 900, (2, 10))
    sure = said * (np.arange(10) + 0.5) / 10
    right = np.minimum((sure * rng.uniform(0.6, 1.2, (2, 10))).astype(np.int64), said)
    far = rng.integers(200, 900, (2, 17))
    chart.set_certainty(
        Certainty("001-size", ("road", "car"), entropy, 3.0, said, right, sure, far, far // 3, 1, 1)
    )
    found = {}
    for kind in range(chart.kind.count()):
        chart.kind.setCurrentIndex(kind)
        QApplication.processEvents()
        wanted, svg = image_of(chart, 1), svg_of(chart)
        made = QImage(wanted.size(), QImage.Format.Format_RGB32)
        made.fill(QColor("white"))
        painter = QPainter(made)
        QSvgRenderer(svg).render(painter)
        painter.end()
        found[chart.kind.currentText()] = alike(wanted, made)
        assert min(found.values()) > 0.99, found
    assert b", sans-serif" in svg


def alike(one: QImage, other: QImage) -> float:
    """Correlation of two pictures' darkness over squares of 6 pixels: letters may differ a bit."""

    def squares(image: QImage) -> np.ndarray:
        grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
        pixels = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), -1)
        pixels = 255.0 - pixels[:, : grey.width()]
        high, wide = pixels.shape[0] // 6, pixels.shape[1] // 6
        return pixels[: high * 6, : wide * 6].reshape(high, 6, wide, 6).mean(axis=(1, 3))

    return float(np.corrcoef(squares(one).ravel(), squares(other).ravel())[0, 1])


def test_what_is_chosen_behind_another_chart_is_drawn_once_seen(qtbot):
    chart = shown(FeaturesChart(DARK, umap=False), qtbot)
    rng = np.random.default_rng(0)
    plane = Plane("features", "PCA", np.arange(50), rng.normal(size=(50, 2)), (0.5, 0.2))
    chart.set_plane(plane, np.full(50, FREE, np.uint8), lambda units: [str(u) for u in units])
    QApplication.processEvents()
    chart.hide()
    chart.choose(np.arange(50) < 5)
    chart.show()
    QApplication.processEvents()
    assert chart._over is not None
    assert chart.ask.text() == "Ask for these 5"


def test_many_units_are_a_picture_whose_cells_are_counted(qtbot):
    """More than are drawn one by one; a rectangle chooses exactly those inside."""
    chart = shown(FeaturesChart(DARK), qtbot)
    rng = np.random.default_rng(1)
    count = 25_000
    xy = rng.normal(size=(count, 2)).astype(np.float32)
    states = rng.choice(np.array([FREE, OPEN, ANSWERED], np.uint8), count, p=[0.96, 0.01, 0.03])
    names = [f"unit {n}" for n in range(count)]
    plane = Plane("features", "PCA", np.arange(count), xy, (0.5, 0.2))
    chart.set_plane(plane, states, lambda units: [names[u] for u in units])
    QApplication.processEvents()
    low, high = xy.min(axis=0).astype(float), xy.max(axis=0).astype(float)
    shade = chart._cells()
    asked = np.zeros((FINE, FINE), bool)
    free = np.zeros((FINE, FINE), int)
    for (x, y), state in zip(xy.astype(float), states, strict=True):
        parts = ((x, y) - low) / (high - low) * (FINE - 1)
        cell = tuple(round(float(part)) for part in parts)
        asked[cell] |= state != FREE
        free[cell] += state == FREE
    assert ((shade[..., 3] > 0) == (asked | (free > 0))).all()
    assert (shade[asked, 3] == 255).all()
    mask = chart.brush(QPointF(-0.5, -1), QPointF(0.25, 0.75))
    inside = (xy[:, 0] >= -0.5) & (xy[:, 0] <= 0.25) & (xy[:, 1] >= -1) & (xy[:, 1] <= 0.75)
    assert mask.tolist() == inside.tolist()
    chart.choose(mask)
    assert chart.ask.text() == f"Ask for these {int((states[mask] == FREE).sum()):,}"
    chosen = [row["unit"] for row in rows_of(chart) if row["chosen"] == "1"]
    assert chosen == [names[u] for u in np.flatnonzero(mask)]
    touched = chart._touched(QRectF(QPointF(-0.5, -1), QPointF(0.25, 0.75)))
    assert touched.ravel()[chart._cell[mask]].all(), "no chosen unit is dark while one drags"


def test_an_enlarged_chart_is_laid_out_for_its_window_and_has_the_keys(parts, qtbot):
    """It kept the letters and the room of its old place, and no key reached it."""
    chart = parts
    placed, picked = [], []
    chart.place = lambda: placed.append(chart.plot.width())
    chart.picked.connect(picked.append)
    QTest.mouseClick(chart.large, LEFT)
    large = chart.window().findChild(Enlarged)
    large.activateWindow()
    qtbot.waitUntil(large.isActiveWindow)
    large.resize(1200, 500)
    QApplication.processEvents()
    assert placed[-1] == chart.plot.width() > 1000
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(QApplication.focusWidget(), key)
    assert picked == [chart.marks[1].key]
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert placed[-1] == chart.plot.width() < 700


def test_an_enlarged_chart_is_drawn_anew_though_its_place_is_behind_another(parts, qtbot):
    chart, tabs = parts, QTabWidget()
    qtbot.addWidget(tabs)
    for widget in (chart, QWidget()):
        tabs.addTab(widget, "")
    tabs.show()
    QTest.mouseClick(chart.large, LEFT)
    qtbot.waitExposed(tabs.findChild(Enlarged))
    tabs.setCurrentIndex(1)
    assert not chart.isVisible()
    chart.set_theme(LIGHT)
    assert chart.plot.backgroundBrush().color() == QColor(LIGHT.panel)
    chart.setParent(None)  # whose it is ends it, not the tabs


def test_a_plot_is_laid_out_anew_where_words_take_room_from_it(parts: ClassPartsChart):
    placed = []
    parts.place = lambda: placed.append(parts.plot.height())
    QTest.mouseClick(parts.why, LEFT)
    QApplication.processEvents()
    assert placed[-1] == parts.plot.height()


def test_the_arrow_keys_go_on_from_their_mark_and_pick_nothing_that_is_gone(parts, qtbot):
    """Each time numbers came they began anew; and Enter picked a mark of what was shown before."""
    picked = []
    parts.picked.connect(picked.append)
    for _ in range(3):
        QTest.keyClick(parts, Qt.Key.Key_Right)
    second, third = parts.marks[2].key, parts.marks[3].key
    parts.redraw()
    QTest.keyClick(parts, Qt.Key.Key_Return)
    QTest.keyClick(parts, Qt.Key.Key_Right)
    QTest.keyClick(parts, Qt.Key.Key_Return)
    assert picked == [second, third]
    parts.wait("Counting anew …")
    QTest.keyClick(parts, Qt.Key.Key_Return)
    assert picked == [second, third]


def test_the_class_box_says_nothing_of_all_classes_side_by_side(qtbot):
    """ "ECE by class" was of the class that was chosen before, by a box that cannot be used."""
    chart = shown(CertaintyChart(DARK), qtbot)
    entropy, said = np.zeros((2, 2, 40), np.int64), np.zeros((2, 10), np.int64)
    entropy[0, 1, 0] = entropy[1, 0, 3] = 100
    said[0, 9] = 150  # all are called road, half of them rightly
    far = np.full((2, 17), 10)
    found = Certainty("001-size", ("road", "car"), entropy, 3.0, said, said // 2, said * 0.95, far,
                      far // 2, 1, 1)  # fmt: skip
    chart.set_certainty(found)
    chart.kind.setCurrentIndex(chart.kind.findText("error by distance"))
    chart.of.setCurrentIndex(chart.of.findText("car"))
    chart.kind.setCurrentIndex(chart.kind.findText("ECE by class"))
    assert chart.shows
    assert chart.accessibleDescription() == "ECE 45.0 % over 150 points"


def coloured(image: QImage, colour: QColor) -> int:
    places = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return sum(image.pixelColor(*place) == colour for place in places)


def test_rounds_between_gaps_have_their_marks_however_many_there_are(qtbot):
    """Two measured rounds of 13 with gaps between them were nothing at all."""
    lines = Lines("mIoU of each round", DARK, percent=True)
    qtbot.addWidget(lines)
    lines.resize(300, 200)
    values = [None] * 13
    values[3], values[12] = 0.5, 0.6
    lines.set_values(values)
    assert coloured(lines.grab().toImage(), QColor(DARK.accent)) > 20


def test_the_lines_of_a_saved_quality_chart_are_as_wide_as_on_the_screen(qtbot):
    chart = shown(QualityChart(LIGHT), qtbot)
    chart.rows = [("accuracy", Interval(0.7, 0.4, 0.9, 200), 200)]
    chart.show_plot("accuracy")
    QApplication.processEvents()
    x, y = chart.on_screen([Mark(50.0, 0.5, "", None)])[0]
    wide = []
    for sharp in (1, 3):
        image = image_of(chart, sharp)
        column = [image.pixelColor(round(x * sharp), row) for row in
                  range(round((y - 8) * sharp), round((y + 8) * sharp))]  # fmt: skip
        wide.append(sum(one.blue() - one.red() > 60 for one in column) / sharp)
    assert wide[1] == pytest.approx(wide[0], abs=1.2)
    assert wide[1] > 2


def test_nothing_at_all_is_no_thousandth_of_a_percent(qtbot):
    chart = shown(AskedChart(DARK), qtbot)
    holds = np.zeros((0, 3), np.int64)
    found = Asked(
        classes=np.array([99_999, 1, 0]), codes={}, parts=np.array([1]), pool=np.array([1]),
        units=1, scans=1, answered=1, declined=0, seconds=0.0, holds=holds,
    )  # fmt: skip
    chart.set_asked(found, ["1"], ["road", "pole", "car"], np.array([1, 1, 1]))
    QApplication.processEvents()
    x = {mark.key: mark.x for mark in chart.marks}
    assert x["pole"] == pytest.approx(-3)
    assert x["car"] < x["pole"] - 0.5
    low, _ = chart.plot.getViewBox().viewRange()[0]
    assert low < x["car"]


@pytest.mark.parametrize("name", THEMES)
def test_everybody_tells_the_states_of_units_apart(qtbot, name: str):
    """Declined units had the free ones' colour for people who see no green."""
    chart = FeaturesChart(THEMES[name])
    qtbot.addWidget(chart)
    assert not alike_colours([chart._colour(state) for state in range(len(STATES))])


def test_sizes_come_again_and_leave_the_cuts_that_a_person_tries(qtbot):
    """Each round put them back; and the words were of the first cuts for ever."""
    chart = shown(SizesChart(DARK), qtbot)
    metres, clusters = np.array([1, 2, 5, 9]), np.array([4, 3, 2, 1])
    points = clusters * metres * 30
    found = Sizes(metres, clusters, points, clusters / np.log(points))
    chart.set_sizes(found, (2, 9))
    chart.classes.setValue(3)
    tried = chart.cuts
    assert chart.accessibleDescription().endswith(f"{tried[0]} m, {tried[1]} m, {tried[2]} m")
    chart.kind.setCurrentIndex(1)
    assert chart.accessibleDescription().startswith("4 sizes by clusters, cut at")
    chart.set_sizes(found, (2, 9))
    assert (chart.cuts, chart.classes.value()) == (tried, 3)
    chart.set_sizes(found, (5, 9))
    assert (chart.cuts, chart.classes.value()) == ((5, 9), 2)


def test_a_map_of_scans_tells_first_of_those_with_most(qtbot):
    """It told of the first five as they come, unknown ones among them."""
    chart = shown(ScansChart(DARK), qtbot)
    values = {name: np.array([np.nan, 1.0, np.nan, 3.0, 2.0]) for name in MEASURES}
    names = tuple(f"00/{n}" for n in range(5))
    xy = np.arange(10.0).reshape(5, 2)
    chart.set_scans(Scans(names, 5, ("00",) * 5, xy, values, dict.fromkeys(MEASURES, "")))
    assert chart.kind.currentData() == "map"
    assert chart.accessibleDescription().endswith(": 00/3 3, 00/4 2, 00/1 1")


def test_what_people_call_a_class_is_no_markup(parts: ClassPartsChart, monkeypatch):
    told = []
    monkeypatch.setattr("gui.charts.chart.QToolTip.showText", lambda at, text, _: told.append(text))
    parts.marks[0] = parts.marks[0]._replace(words="<b>car</b> & van\n5 points")
    QTest.keyClick(parts, Qt.Key.Key_Right)
    seen = QTextDocument()
    seen.setHtml(told[0])
    assert seen.toPlainText().split() == ["<b>car</b>", "&", "van", "5", "points"]
