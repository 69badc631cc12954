"""A window that was closed leaves nothing behind that takes memory."""

from __future__ import annotations

import gc
import weakref

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from tests.gui.driver import open_window


def test_closed_behind_a_change_of_style_it_is_gone(qapp: QApplication, qtbot, project_path):
    """What was to be laid out anew is not kept for it."""
    window = open_window(project_path, qtbot)
    session = window.session
    assert session is not None
    kept = [weakref.ref(one) for one in (session, session.state, session.view.canvas)]
    window.change_theme()
    window.close()
    window.deleteLater()
    del window, session
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert [one() for one in kept] == [None] * len(kept)
