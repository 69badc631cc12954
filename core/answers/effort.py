"""How an answer was made, and how much work it was."""

from __future__ import annotations

from typing import NamedTuple


class Effort(NamedTuple):
    """What one answer took.

    Attributes
    ----------
    active_s : active seconds
    clicks, keys : of the mouse and the keyboard
    suggested : what was suggested meanwhile, as text (core.assist.suggestion), "" for nothing
    tool : what it was made with
    """

    active_s: float = 0.0
    clicks: int = 0
    keys: int = 0
    suggested: str = ""
    tool: str = ""

    def plus(self, other: Effort) -> Effort:
        """This effort and another's seconds, clicks and keys."""
        return self._replace(
            active_s=self.active_s + other.active_s,
            clicks=self.clicks + other.clicks,
            keys=self.keys + other.keys,
        )

    def shares(self, count: int) -> list[Effort]:
        """The effort of each of `count` answers that were given together.

        Seconds are divided evenly in whole 1/100 s, clicks and keys in whole ones; the first
        answers get one more each until nothing is left, so that the sums are those of the whole.
        """
        each = zip(
            _parts(round(self.active_s * 100), count),
            _parts(self.clicks, count),
            _parts(self.keys, count),
            strict=True,
        )
        return [
            self._replace(active_s=hundredths / 100, clicks=clicks, keys=keys)
            for hundredths, clicks, keys in each
        ]


NO_EFFORT = Effort()


def _parts(amount: int, count: int) -> list[int]:
    """`amount` in `count` whole parts that differ by one at most, the larger ones first."""
    least, more = divmod(amount, count)
    return [least + (place < more) for place in range(count)]
