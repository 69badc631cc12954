"""Steps that meet a running one are offered until they have started, and end as any other."""

from __future__ import annotations

from functools import partial
from threading import Event

import pytest
from PySide6.QtWidgets import QToolButton

from core.base.errors import ProjectError
from core.base.jobs import Job
from gui.window.exchange import Told
from gui.window.jobs import Jobs

REFUSED = "Draw a sample is running: Train was not started."


@pytest.fixture
def trains(monkeypatch):
    """A training that takes no time, and is told of as any other."""
    monkeypatch.setattr("models.steps.train", lambda project, job: None)
    monkeypatch.setattr("core.rounds.round.Round.done", property(lambda self: True))
    monkeypatch.setattr("gui.window.endings.trained", lambda project, found: "Training ended.")


def close(driver) -> None:
    """Press the banner's Close."""
    buttons = driver.session.banner.findChildren(QToolButton)
    driver.click(next(button for button in buttons if button.text() == "Close"))


def choose(driver, text: str) -> None:
    driver.click(next(b for b in driver.session.banner.choices if b.text() == text))


def held(driver, name: str) -> Event:
    """A step that runs until it is let go."""
    go_on = Event()
    driver.session.steps.start(name, lambda _: go_on.wait(60))
    return go_on


def ended(driver, act) -> None:
    with driver.qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
        act()
    driver.settle()


def test_a_training_that_was_refused_first_is_told_of_when_it_ends(driver, trains):
    steps, banner, rounds = driver.session.steps, driver.session.banner, driver.session.rounds
    rounds._epochs["loss"] = {1: 0.5}
    go_on = held(driver, "Draw a sample")
    steps.train()
    assert banner.what.text() == REFUSED
    assert rounds._epochs  # the curves of the training before
    ended(driver, go_on.set)
    ended(driver, lambda: choose(driver, "Try again"))
    assert banner.what.text() == "Training ended."
    assert not rounds._epochs


def test_what_was_refused_is_offered_again_below_how_the_other_step_ended(driver, trains):
    banner, go_on, drawn = driver.session.banner, Event(), []
    driver.session.steps.start("Train", lambda _: go_on.wait(60))
    driver.session.steps.start("Draw a sample", drawn.append)
    refused = banner.what.text()
    assert refused == "Train is running: Draw a sample was not started."
    ended(driver, go_on.set)
    assert banner.what.text() == "Training ended."
    choose(driver, "Finish these first")
    assert banner.what.text() == refused
    ended(driver, lambda: choose(driver, "Try again"))
    assert len(drawn) == 1
    assert banner.isHidden()


def test_a_refused_step_that_has_started_is_offered_no_more(driver, trains):
    banner = driver.session.banner
    go_on = held(driver, "Draw a sample")
    driver.session.steps.train()
    banner.show_error(ProjectError("Something is wrong.", "Mend it."))
    ended(driver, go_on.set)
    ended(driver, driver.session.steps.train)
    assert banner.what.text() == "Training ended."
    close(driver)
    assert banner.isHidden()


def test_a_query_that_was_refused_is_offered_below_how_training_ended(driver, trains):
    """Both are named Ask: units chosen on the Desk were offered no more."""
    banner, go_on, asked = driver.session.banner, Event(), []
    driver.session.steps.start("Train", lambda _: go_on.wait(60))
    driver.session.steps.ask_by(asked.append)
    ended(driver, go_on.set)
    assert banner.what.text() == "Training ended."
    choose(driver, "Finish these first")
    assert banner.what.text() == "Train is running: Ask was not started."
    ended(driver, lambda: choose(driver, "Try again"))
    assert len(asked) == 1
    assert banner.isHidden()


def test_what_is_told_of_an_end_takes_the_place_of_what_was_told_before(driver):
    """That came back, with its buttons, once the newer one was done with."""
    banner, steps = driver.session.banner, driver.session.steps
    taken = []
    for plan in ("A", "B"):
        told = Told(f"Plan {plan}", "", ((f"Take {plan}", partial(taken.append, plan)),))
        ended(driver, lambda told=told: steps.run_and_tell("Look at labels", lambda _: told))
    assert banner.what.text() == "Plan B"
    choose(driver, "Take B")
    assert taken == ["B"]
    assert banner.isHidden()


def test_news_of_a_preparation_are_old_once_another_step_starts(driver):
    steps, banner = driver.session.steps, driver.session.banner
    told = Told("Prepared.", "", (("Look at the report", lambda: None),))
    ended(driver, lambda: steps.run_and_tell("Prepare", lambda _: told))
    assert banner.what.text() == "Prepared."
    ended(driver, lambda: steps.start("Draw a sample", lambda _: None))
    assert banner.isHidden()


def test_a_message_stays_under_a_stroke_even_where_it_is_withdrawn(driver, qtbot):
    banner, drawing = driver.session.banner, [True]
    banner.show_choice("shown", "", [("Do it", lambda: None)])
    banner.waits = lambda: drawing[0]
    banner.withdraw("shown")
    assert banner.isVisible()
    drawing[0] = False
    qtbot.waitUntil(banner.isHidden)
    drawing[0] = True
    banner.show_note("later", "")
    banner.withdraw("later")
    drawing[0] = False
    qtbot.waitUntil(lambda: not banner._again.isActive())
    assert banner.isHidden()


def test_the_end_of_a_step_is_told_to_nobody_once_its_project_is_closed(qtbot):
    """It came to the project that was opened next."""
    jobs, told, began = Jobs(), [], Event()

    def work(job: Job) -> None:
        began.set()
        while True:
            job.check()

    jobs.run("Ask", work)
    began.wait(60)
    jobs.shut_step()
    jobs.finished.connect(told.append)
    jobs.run("Prepare", lambda _: None)
    qtbot.waitUntil(lambda: jobs.running is None)
    jobs.shut()
    assert told == ["Prepare"]


def test_a_choice_below_a_note_comes_back_once_and_goes_with_what_it_was_about(driver):
    banner, chosen = driver.session.banner, []
    for what in ("first", "second"):
        banner.show_choice(what, "", [("Do it", lambda what=what: chosen.append(what))])
    banner.show_choice("first", "", [("Do it", lambda: chosen.append("first again"))])
    banner.show_note("a note", "")
    close(driver)
    assert banner.what.text() == "first"
    banner.show_note("a note", "")
    banner.withdraw("first")
    assert banner.what.text() == "a note"
    close(driver)
    assert banner.what.text() == "second"
    choose(driver, "Do it")
    assert chosen == ["second"]
    assert banner.isHidden()


def test_what_waits_for_a_stroke_to_end_lies_below_what_comes_meanwhile(driver, qtbot):
    banner, drawing = driver.session.banner, [True]
    banner.show_choice("shown", "", [("Do it", lambda: None)])
    banner.waits = lambda: drawing[0]
    banner.show_choice("waiting", "", [("Do it", lambda: None)])
    banner.show_note("last", "")
    assert banner.what.text() == "shown"
    drawing.clear()
    drawing.append(False)
    seen = []
    qtbot.waitUntil(lambda: banner.what.text() == "last")
    for _ in range(3):
        seen.append(banner.what.text())
        close(driver)
    assert seen == ["last", "shown", "waiting"]
    assert banner.isHidden()


def test_no_step_of_a_round_changes_the_width_of_a_button(driver):
    """The toolbar went on in a second row, and the view jumped under a half drawn shape."""
    stepper = driver.window.stepper

    def widths() -> dict[str, int]:
        driver.rest()
        return {id: button.sizeHint().width() for id, button in stepper.buttons.items()}

    before, texts = widths(), {id: button.text() for id, button in stepper.buttons.items()}
    go_on = held(driver, "Train")
    assert widths() == before
    assert stepper.buttons["train"].text().endswith("Training …")
    ended(driver, go_on.set)
    ended(driver, driver.session.steps.oracle)
    assert widths() == before
    assert stepper.buttons["label"].text() != texts["label"]
    assert stepper.buttons["train"].property("primary")
