"""The page of quality in the window: its buttons start a step, or ask the sample blind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.base.jobs import Job
from core.quality.draw import draw
from gui.look.theme import Theme

if TYPE_CHECKING:
    from gui.desk_page.quality import QualityPage
    from gui.window.session import Session

NAME = "Quality sample"
AFTER = "see Quality for the figures"


def show_quality(over, session: Session, theme: Theme) -> QualityPage:
    """Show the page, the same as before where it is open."""
    from gui.desk_page.quality import QualityPage

    page = over.findChild(QualityPage)
    if page is None:
        page = QualityPage(over, session.state, theme)
        page.drawn.connect(lambda of, points: _draw(session, of, points))
        page.answered.connect(lambda of, items: _answer(over, session, items))
    page.show()
    page.raise_()
    page.activateWindow()
    return page


def _draw(session: Session, of: str, points: int) -> None:
    session.steps.start("Draw a sample", lambda job: _drawn(session, of, points, job))


def _drawn(session: Session, of: str, points: int, job: Job) -> None:
    draw(session.project, of, job, count=points)


def _answer(over, session: Session, items: Sequence[str]) -> None:
    session.state.begin_second(items, name=NAME, after=AFTER)
    over.activateWindow()  # where the keys go
    over.focus_view()
    session.state.told.emit(
        f"Blind: {len(items):,} points that chance chose. Delete: it cannot be told. Esc ends it."
    )
