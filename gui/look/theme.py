"""Colours of the window, dark and light, in one table; the canvas and the charts use it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from PySide6.QtGui import QColor, QPalette


@dataclass(frozen=True)
class Theme:
    """One set of colours, as #rrggbb.

    `outline` marks what is asked, `picked` what is selected of it: no class list and no colouring
    of points has a colour near them; `accent` is for buttons and fields.
    """

    name: str
    canvas: str
    panel: str
    raised: str
    line: str
    text: str
    quiet: str
    accent: str
    outline: str
    picked: str
    good: str
    warning: str
    error: str

    def rgb(self, name: str) -> tuple[int, int, int]:
        """One of the colours as three bytes."""
        red, green, blue = bytes.fromhex(getattr(self, name)[1:])
        return red, green, blue


DARK = Theme(
    name="dark",
    canvas="#101318",
    panel="#171B21",
    raised="#1F242C",
    line="#2B323C",
    text="#E7EAEE",
    quiet="#98A2AE",
    accent="#5AA9FF",
    outline="#FF5AA5",
    picked="#1EFF0F",
    good="#4CC38A",
    warning="#E9B44C",
    error="#F2707A",
)
LIGHT = Theme(
    name="light",
    canvas="#F4F6F8",
    panel="#FFFFFF",
    raised="#F0F2F5",
    line="#D7DCE2",
    text="#1B2027",
    quiet="#5B6673",
    accent="#1769D1",
    outline="#C70078",
    picked="#0069F0",
    good="#1E7B4F",
    warning="#8A5A00",
    error="#C0303C",
)
THEMES = {"dark": DARK, "light": LIGHT}
LARGEST_TAB = 1.4  # size of the text of tabs at most: four of them stand side by side
CHECKED = "#1769D1"  # under a white tick, in both


def luminance(rgb: Sequence[float]) -> float:
    """Relative luminance of an sRGB colour 0..1 (WCAG 2.1)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    light = [luminance([v / 255 for v in bytes.fromhex(colour[1:])]) for colour in (first, second)]
    return (max(light) + 0.05) / (min(light) + 0.05)


def text_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    return "#000000" if contrast(colour, "#000000") > contrast(colour, "#ffffff") else "#ffffff"


def palette(theme: Theme) -> QPalette:
    """The theme as a Qt palette for the Fusion style."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.panel,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.panel,
        QPalette.ColorRole.AlternateBase: theme.raised,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.error,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.quiet,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: text_on(theme.accent),
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Mid: theme.line,
        QPalette.ColorRole.Dark: theme.line,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.quiet))
    return made


def _icon(name: str) -> str:
    return (Path(str(resources.files("resources"))) / "icons" / f"{name}.svg").as_posix()


def style_sheet(t: Theme, scale: float = 1.0) -> str:
    """What a palette cannot say: spacing, rounded cards, thin lines; text by `scale`."""
    return f"""
* {{ font-size: {10 * scale:.1f}pt; }}
QMainWindow::separator {{ background: {t.canvas}; width: 4px; height: 4px; }}
QMainWindow::separator:hover {{ background: {t.accent}; }}
QToolBar {{ background: {t.panel}; border: 0; border-bottom: 1px solid {t.line}; 
  padding: 4px; spacing: 4px; }}
QDockWidget {{ color: {t.quiet}; font-weight: 600; }}
QDockWidget::title {{ background: {t.panel}; padding: 7px 10px 5px 10px; text-align: left; }}
QMenuBar {{ background: {t.panel}; border-bottom: 1px solid {t.line}; }}
QMenuBar::item {{ padding: 4px 9px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {t.accent};
  color: {text_on(t.accent)}; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.line}; padding: 4px; }}
QMenu::item {{ padding: 5px 28px 5px 20px; }}
QMenu::item:disabled {{ color: {t.quiet}; }}
QStatusBar {{ background: {t.panel}; border-top: 1px solid {t.line}; color: {t.quiet}; }}
QStatusBar::item {{ border: 0; }}
#who {{ background: transparent; border: 0; padding: 1px 8px; color: {t.text};
  font-weight: 600; }}
#who:hover {{ color: {t.accent}; }}
QStatusBar QLabel {{ color: {t.quiet}; padding: 1px 8px; }}
QPushButton, QToolButton, QComboBox {{ background: {t.raised}; border: 1px solid {t.line};
  border-radius: 6px; padding: 5px 11px; }}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ border-color: {t.accent}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus {{ border-color: {t.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.quiet}; }}
QPushButton[primary="true"], QToolButton[primary="true"] {{
  background: {t.accent}; color: {text_on(t.accent)};
  border-color: {t.accent}; font-weight: 600; }}
QPushButton[primary="true"]:disabled {{ background: {t.raised}; color: {t.quiet};
  border-color: {t.line}; }}
QComboBox::drop-down {{ border: 0; width: 22px; }}
QComboBox::down-arrow {{ image: url({_icon("down")}); width: 10px; height: 6px; }}
QCheckBox::indicator, QTableView::indicator {{ width: 14px; height: 14px; background: {t.canvas};
  border: 1px solid {t.quiet}; border-radius: 4px; }}
QCheckBox::indicator:checked, QTableView::indicator:checked {{ background: {CHECKED};
  border-color: {CHECKED};
  image: url({_icon("check")}); }}
QCheckBox::indicator:hover, QCheckBox:focus::indicator {{ border-color: {t.accent}; }}
QCheckBox:disabled {{ color: {t.quiet}; }}
QCheckBox::indicator:disabled {{ border-color: {t.line}; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.line}; }}
QComboBox QAbstractItemView::item {{ padding: 4px 6px; color: {t.text}; }}
QComboBox QAbstractItemView::item:selected {{ background: {t.accent};
  color: {text_on(t.accent)}; }}
QTabBar {{ font-size: {10 * min(scale, LARGEST_TAB):.1f}pt; }}
QMainWindow > QTabBar::tab {{ background: {t.panel}; color: {t.quiet}; padding: 5px 7px;
  border: 0; border-bottom: 2px solid {t.line}; }}
QMainWindow > QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
QMainWindow > QTabBar::tab:hover {{ color: {t.text}; }}
QLineEdit, QPlainTextEdit, QSpinBox, QDoubleSpinBox {{ background: {t.canvas}; 
  border: 1px solid {t.line}; border-radius: 6px; padding: 5px 8px;
  selection-background-color: {t.accent}; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
QDoubleSpinBox::down-button {{ width: 0; border: 0; }}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {{ border-color: {t.accent}; }}
QListView, QTreeView, QTableView {{ background: {t.panel}; border: 0; outline: 0; }}
QHeaderView::section {{ background: {t.panel}; color: {t.quiet}; border: 0;
  border-bottom: 1px solid {t.line}; padding: 3px 6px; }}
QTableCornerButton::section {{ background: {t.panel}; border: 0; }}
#tab {{ background: transparent; border: 0; border-bottom: 2px solid {t.line}; border-radius: 0;
  color: {t.quiet}; }}
#tab:hover {{ color: {t.text}; }}
#tab:checked {{ color: {t.text}; border-bottom-color: {t.accent}; }}
QScrollBar:vertical {{ background: transparent; width: 9px; }}
QScrollBar:horizontal {{ background: transparent; height: 9px; }}
QScrollBar::handle {{ background: {t.line}; border-radius: 4px; 
  min-height: 26px; min-width: 26px; }}
QScrollBar::handle:hover {{ background: {t.quiet}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QProgressBar {{ background: {t.raised}; border: 0; border-radius: 4px;
  max-height: 8px; min-height: 8px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 4px; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 5px; }}
QMainWindow > QWidget {{ background: {t.canvas}; }}
#task QToolButton {{ border-radius: 0; color: {t.quiet}; }}
#task QToolButton:checked {{ border-color: {t.accent}; color: {t.text}; font-weight: 600; }}
#key {{ font-weight: 600; }}
#card {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 10px; }}
#card[live="true"]:hover, #card[live="true"]:focus {{ border-color: {t.accent}; }}
#quiet {{ color: {t.quiet}; }}
#problem {{ color: {t.error}; }}
#warning {{ color: {t.warning}; }}
#title {{ font-size: {15 * scale:.1f}pt; font-weight: 600; }}
#heading {{ font-size: {11 * scale:.1f}pt; font-weight: 600; }}
#banner * {{ font-size: {10 * min(scale, LARGEST_TAB):.1f}pt; }}
#banner {{ background: {t.raised}; border: 1px solid {t.warning}; border-radius: 8px; }}
#banner[calm="true"] {{ border-color: {t.accent}; }}
"""
