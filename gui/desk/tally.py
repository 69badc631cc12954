"""How many units have each class so far, counted from one look to the next."""

from __future__ import annotations

from collections import Counter

from core.answers.answers import Answers


class Tally:
    """Units by the class, or code, that most of their points have."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._of: dict[str, int] = {}
        self._counts: Counter[int] = Counter()
        self._seen = 0

    def words(self, label: int) -> str:
        """How many units have a class or code."""
        changed = self._answers.fold.changed
        for unit in dict.fromkeys(changed[self._seen :]):
            before, head = self._of.pop(unit, None), self._answers.effective.get(unit)
            if before is not None:
                self._counts[before] -= 1
            if head is not None and head.verb == "answer":
                self._of[unit] = head.main_class()
                self._counts[self._of[unit]] += 1
        self._seen = len(changed)
        count = self._counts[label]
        return f"{count:,} unit{'' if count == 1 else 's'} answered so far"
