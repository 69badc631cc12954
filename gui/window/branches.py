"""The tree of rounds in the window: go to a branch, name, note, put away, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QPlainTextEdit

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.base.words import round_name
from core.project.branches import archive, stand_at, tell
from gui.look.theme import Theme

if TYPE_CHECKING:
    from gui.desk_page.compare import ComparePage
    from gui.window.session import Session


class Branches:
    """What the buttons below the table of rounds do."""

    def __init__(self, window, session: Session) -> None:
        self._window, self._session = window, session
        session.rounds.wanted.connect(self._do)

    def _do(self, what: str, id: str) -> None:
        session = self._session
        if what == "compare":
            self.compare(id)
            return
        reason = session.no.change()
        if reason is not None:
            session.banner.show_note(reason, "")
            return
        try:
            if what == "here":
                stand_at(session.project, id)
                session.state.told.emit(f"{round_name(id).capitalize()} is on the table.")
            elif what == "name":
                self._name(id)
            else:
                archive(session.project, id, away=what == "away")
        except ProjectError as error:
            session.banner.show_error(error)
            return
        session.state.reload()

    def _name(self, id: str) -> None:
        about = self._session.project.tree.of(id)
        page = NamePage(self._window, id, about.name, about.note)
        if page.exec() == QDialog.DialogCode.Accepted:
            tell(self._session.project, id, name=page.name.text(), note=page.note.toPlainText())

    def compare(self, id: str) -> None:
        """Put a round beside its parent, or beside the newest other one."""
        project = self._session.project
        other = project.round(id).parent
        if other is None:
            others = [one.id for one in project.rounds if one.id != id]
            other = others[-1] if others else None
        if other is None:
            self._session.banner.show_note(
                "There is one round: a second one can be put beside it.", ""
            )
            return
        show_compare(self._window, self._session, self._window.theme, other, id)


class NamePage(QDialog):
    """A round's name and a note about it."""

    def __init__(self, over, id: str, name: str, note: str) -> None:
        super().__init__(over)
        self.setWindowTitle(f"Name {round_name(id)}")
        self.name, self.note = QLineEdit(name), QPlainTextEdit(note)
        self.name.setMaxLength(60)
        self.note.setTabChangesFocus(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.addRow("&Name", self.name)
        form.addRow("N&ote", self.note)
        form.addRow(buttons)


def show_compare(over, session: Session, theme: Theme, first: str, second: str) -> ComparePage:
    """Show two rounds beside each other, in the window that is open where one is."""
    from gui.desk_page.compare import ComparePage

    page = over.findChild(ComparePage)
    if page is not None:
        page.close()
    page = ComparePage(over, session.state, theme, first, second)
    page.wanted.connect(
        lambda id: session.steps.start("Score", lambda job: _score(session, id, job))
    )
    page.show()
    page.activateWindow()
    return page


def _score(session: Session, id: str, job: Job) -> None:
    from models.steps import score

    score(session.project, job, round=id)
