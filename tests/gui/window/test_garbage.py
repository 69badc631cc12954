"""What of Qt is garbage ends on the window's thread."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject

from gui.window.garbage import Garbage


class Part(QObject):
    """One that knows itself, so that only a collection ends it."""

    def __init__(self) -> None:
        super().__init__()
        self.me = lambda: self


def ended_on() -> list[int]:
    """Lose a part; the threads on which such ones end, filled as they do."""
    ended: list[int] = []
    part = Part()
    weakref.finalize(part, lambda: ended.append(threading.get_ident()))
    return ended


def busy() -> None:
    """Make more objects than Python lets be without a collection of all generations."""
    kept = [[n] for n in range(200_000)]
    del kept


def test_it_ends_on_the_windows_thread_whatever_others_do(qapp, qtbot):
    gc.enable()
    garbage = Garbage(qapp)
    ended = ended_on()
    other = threading.Thread(target=busy)
    other.start()
    other.join()
    assert ended == []
    kept = [[n] for n in range(gc.get_threshold()[0] + 1)]
    garbage.look()
    assert ended == [threading.get_ident()]
    assert kept
    garbage.deleteLater()


def test_it_is_looked_for_by_itself(qapp, qtbot):
    garbage = Garbage(qapp)
    ended = ended_on()
    kept = [[n] for n in range(2 * gc.get_threshold()[0])]
    qtbot.waitUntil(lambda: bool(ended), timeout=5000)
    assert kept
    garbage.deleteLater()
