"""What the window does, counted: passes over the actions, walks through the query, file calls."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from PySide6.QtGui import QAction

from gui.window.actions import Actions


class CountedItems(tuple):
    """A query's items that note each walk through them by the window's thread."""

    counts: ClassVar[Counter[str]] = Counter()

    def _walked(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self.counts["walks"] += 1

    def __iter__(self):
        self._walked()
        return super().__iter__()

    def __contains__(self, item: object) -> bool:
        self._walked()
        return super().__contains__(item)

    def index(self, *arguments) -> int:
        self._walked()
        return super().index(*arguments)


@contextmanager
def counted(window, monkeypatch) -> Iterator[Counter[str]]:
    """Count until the end of the block what the window's thread does:

    "passes" over all actions, "reasons" asked for, "touches" of Qt's actions, "walks" through a
    query, "exists" of paths, and "stat <path>" for each path that is looked at.
    """
    counts: Counter[str] = Counter()
    project, main = window.session.project, threading.main_thread()
    with monkeypatch.context() as patch:

        def count(owner: object, name: str, key: str) -> None:
            original = getattr(owner, name)

            def noted(*arguments, **options):
                if threading.current_thread() is main:
                    counts[key] += 1
                return original(*arguments, **options)

            patch.setattr(owner, name, noted)

        count(Actions, "refresh", "passes")
        for name in ("setEnabled", "setToolTip", "setChecked"):
            count(QAction, name, "touches")
        count(Path, "exists", "exists")
        original = os.stat

        def stat(path, *arguments, **options):
            if threading.current_thread() is main:
                counts[f"stat {path}"] += 1
            return original(path, *arguments, **options)

        patch.setattr(os, "stat", stat)
        table = window.actions_table.table
        for id, action in list(table.items()):

            def why_not(ask=action.why_not):
                counts["reasons"] += 1
                return ask()

            table[id] = replace(action, why_not=why_not)
        CountedItems.counts = counts
        for one in project.rounds:
            counting = replace(one.query, items=CountedItems(one.query.items))
            patch.setitem(one.__dict__, "query", counting)
        yield counts
