"""The round on the table in figures: looked up when something changes, read after each key."""

from __future__ import annotations

from collections import Counter

from core.data.items import scan_of
from core.project.project import Project
from core.rounds.round import Round
from gui.desk.trust import Trust, trust


class Summary:
    """What reasons, steps, queue and card ask after each key; no file, no walk through the query.

    Answers, by whomever and from whatever thread, are followed one by one. Everything else is as it
    was at the last `renew`, save the newest round's files, which a running step writes: `look`.

    Attributes
    ----------
    tip : the newest round, None before the first query
    round : the round whose items are on the table: the newest, until it is scored and answered;
        it goes at a `renew`, so that nobody's last item vanishes from under their hands
    frozen, trained, scored, done : whether the newest round is
    ever_trained : whether any round is
    trust : how good the predictions on screen are
    """

    tip: Round | None
    round: Round | None
    frozen: bool
    trained: bool
    scored: bool
    done: bool
    ever_trained: bool
    trust: Trust

    def __init__(self, project: Project) -> None:
        self._project = project
        self.renew()

    def renew(self) -> None:
        """Read everything anew: units, rounds or predictions have changed."""
        self.tip = tip = self._project.tip
        self._places = tip.query.place_of if tip is not None else {}
        self._seen = len(self._project.answers.fold.changed)
        self._open = set(self._places).difference(self._project.answers.effective)
        self._open_in = Counter(map(scan_of, self._open))
        self.look()
        self.trust = trust(self._project)
        self.round = None if self.scored and not self._open else tip

    def look(self) -> None:
        """Look for the newest round's files anew: a step is at work on them."""
        tip = self.tip
        self.frozen = tip is not None and tip.frozen
        self.trained = tip is not None and tip.checkpoint.exists()
        self.scored = tip is not None and tip.scored
        self.done = tip is not None and tip.done
        self.ever_trained = any(one.checkpoint.exists() for one in self._project.rounds)

    @property
    def asked(self) -> int:
        """Items of the newest round's query."""
        return len(self._places)

    @property
    def waiting(self) -> int:
        """Those of them without an answer."""
        self._follow()
        return len(self._open)

    @property
    def waiting_in(self) -> dict[str, int]:
        """Scan -> its items without an answer, for scans that have one."""
        self._follow()
        return {scan: count for scan, count in self._open_in.items() if count}

    def place_of(self, item: str) -> int | None:
        """Place of an item in the query on the table, None where it is not asked there."""
        return self._places.get(item) if self.round is not None else None

    def _follow(self) -> None:
        """Take in which items were answered or put back since the last call."""
        answers = self._project.answers
        changed = answers.fold.changed[self._seen :]
        self._seen += len(changed)
        for item in dict.fromkeys(changed):
            waits = item not in answers.effective
            if item not in self._places or waits == (item in self._open):
                continue
            if waits:
                self._open.add(item)
            else:
                self._open.discard(item)
            self._open_in[scan_of(item)] += 1 if waits else -1
