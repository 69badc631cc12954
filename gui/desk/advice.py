"""What to do next where nothing is asked: the same sentence on the card and in the queue."""

from __future__ import annotations

from gui.desk.state import State

_RUNNING = {
    "Prepare": "The scans are being prepared: what is done can be looked at meanwhile.",
    "Ask": "The next questions are being chosen.",
}


def advice(state: State) -> str:
    """The sentence."""
    running = _RUNNING.get(state.running or "")
    if running is not None and (state.project.units is None or state.round is None):
        return running
    if state.project.units is None:
        return "The scans are not prepared yet: press Prepare."
    if state.round is None:
        return "No question is open: press Ask."
    if state.agenda.number and not state.at_asked:
        return f"Esc or Tab: back to {state.agenda.number}."
    if not state.summary.waiting:
        following = "Ask" if state.summary.scored else "Train"
        return f"Every item is answered: press {following}."
    return "Click a unit, or press Tab for the queue."
