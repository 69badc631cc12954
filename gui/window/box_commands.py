"""What the window can do while boxes are drawn: the rows of the table of actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gui.boxes.editing import FINE_M, FINE_TURN, STEP_M, TURN
from gui.boxes.work import KEYFRAME
from gui.points.paint import MODES
from gui.window.actions import Action
from gui.window.commands import mode_action
from gui.window.faces import Shell
from gui.window.project_commands import shared

if TYPE_CHECKING:
    from gui.boxes.work import BoxesWork
    from gui.points.work import InView
    from gui.window.session import Session

_DIGITS = "1234567890"
_KEYS = tuple(_DIGITS) + tuple(f"Shift+{digit}" for digit in _DIGITS)
_MOVES = (
    ("ahead", "W", "ahead", (1, 0, 0)),
    ("back", "S", "back", (-1, 0, 0)),
    ("left", "A", "to its left", (0, 1, 0)),
    ("right", "D", "to its right", (0, -1, 0)),
    ("down", "Z", "down", (0, 0, -1)),
    ("up", "C", "up", (0, 0, 1)),
)


def of_boxes(window: Shell, session: Session, work: BoxesWork) -> list[Action]:
    """Actions on the open project while boxes are drawn."""
    common, no = shared(window, session), session.no
    frames, exchange = work.panels.frames, session.box_exchange
    rows = [
        common["start"],
        Action("tour", "Two-minute tour", (), "Help",
               "Five short steps: how to draw boxes.", window.show_tour),
        common["settings"],
        common["classes"],
        common["layout"],
        common["boxes"],
        Action("export", "Export boxes …", ("Ctrl+E",), "Project",
               "Write the boxes as KITTI, OpenLABEL, nuScenes, labelCloud or CSV files.",
               lambda: exchange.open_export(session.page.window()), no.export),
        common["merge"],
        Action("import", "Import boxes …", (), "Project",
               "Look at box files of KITTI, OpenLABEL, nuScenes, labelCloud or CSV, and take them "
               "over.",
               lambda: window.choose_for("Folder with box files", exchange.look_at), no.change),
        common["prepare"],
        common["report"],
        Action("ask", "Ask for frames", ("F6",), "Round",
               "Choose the frames to draw boxes in next, as the panel Frames says.",
               lambda: session.steps.ask_frames(frames.options()), no.ask_frames),
        Action("oracle", "Oracle", ("F7",), "Round",
               "Draw the dataset's own boxes in the open frames.",
               session.steps.box_oracle, no.box_oracle),
        Action("train boxes", "Train detectors", ("F8",), "Round",
               "Train on all finished frames, compare on held-out ones, find boxes to accept.",
               session.detectors.train, no.train_boxes),
        Action("deliver", "Deliver", ("F9",), "Round",
               "Train the final detector on all finished frames; it looks at every frame.",
               session.detectors.deliver, no.deliver),
        Action("label points", "Label points by boxes", (), "Round",
               "Points in the boxes of finished frames get the class of their box: what was said "
               "once is not asked again.", exchange.label_points, no.label_points),
        Action("bank", "The bank of objects …", ("F10",), "Round",
               "The objects that pseudo scenes are made of, with pictures, and a few scenes.",
               lambda: session.detectors.open_bank(session.page.window()),
               lambda: no.bank(session.detectors.bank())),
        common["cancel"],
    ]  # fmt: skip
    rows += [
        *_making(work, no.label),
        *_shaping(work, no.label),
        *_judging(window, session, work, no.label),
        *_frames(work, no.label),
        *_classes(session, work, no.label),
        *_view(session, work),
    ]
    guarded = {one.id for one in rows if one.group in ("Label", "Class")}
    guarded -= {"whole", "second", "box new"}  # they are about no box
    guarded |= {"box next", "box previous", "box finish", "box decline", "box reopen"}
    return [_guard(work, one) if one.id in guarded else one for one in rows]


def _guard(work: BoxesWork, action: Action) -> Action:
    whole = action.id == "box finish"
    return replace(action, run=lambda: work.gate.do(action.title, action.run, whole=whole))


def _making(work: BoxesWork, why_not: Callable[[], str | None]) -> list[Action]:
    making, copying = work.making, work.copying
    return [
        Action("box new", "New box at a click", ("B",), "Label",
               "Click things, one after the other: each gets its box. Esc ends. Ctrl + click makes "
               "one at once; Ctrl + drag, seen from above, makes one of all points in a rectangle.",
               lambda: making.arm(not making.armed), why_not, checked=lambda: making.armed),
        Action("box copy", "Copy to the next frame", ("V",), "Label",
               "Where it stands in the world, or where it moves to; its track goes on.",
               lambda: copying.copy(1), why_not),
        Action("box copy all", "Copy all to the next frame", ("Ctrl+V",), "Label",
               "Every box of the frame, along the poses.",
               lambda: copying.copy(1, everything=True), why_not),
        Action("box copy before", "Copy boxes from the frame before", ("P",), "Label",
               "Those whose track is not here yet, along the poses; dashed until confirmed.",
               copying.copy_here, why_not),
        Action("box keyframe", "Copy to the next keyframe", ("Shift+V",), "Label",
               f"{KEYFRAME} frames on; then N sets the boxes between.",
               lambda: copying.copy(KEYFRAME), why_not),
        Action("box keyframe all", "Copy all to the next keyframe", ("Ctrl+Shift+V",), "Label",
               f"Every box of the frame, {KEYFRAME} frames on.",
               lambda: copying.copy(KEYFRAME, everything=True), why_not),
        Action("box between", "Set the boxes between keyframes", ("N",), "Label",
               "The chosen box's thing gets a box in every frame between those set by hand.",
               copying.interpolate, why_not),
        Action("box between all", "Set all boxes between keyframes", ("Shift+N",), "Label",
               "The same for every thing of the frame that has a track.",
               lambda: copying.interpolate(everything=True), why_not),
    ]  # fmt: skip


def _shaping(work: BoxesWork, why_not: Callable[[], str | None]) -> list[Action]:
    editing = work.editing

    def moved(step: tuple[int, int, int], metres: float) -> Callable[[], None]:
        ahead, aside, up = (part * metres for part in step)
        return lambda: editing.shift(ahead, aside, up)

    rows = [
        Action("box fit", "Fit it to its points", ("F",), "Label",
               "Anew, to the points in and just around it.", editing.fit, why_not),
        Action("box shrink", "Shrink it onto its points", ("T",), "Label",
               "Each side moves in to the outermost point.", editing.shrink, why_not),
        Action("box ground", "Stand it on the ground", ("X",), "Label",
               "Its lower side goes to the ground; its top stays.", editing.ground, why_not),
        Action("box flip", "Flip its heading", ("G",), "Label",
               "Its front where its back was.", editing.flip, why_not),
        Action("box quarter", "Turn its front by 90°", ("R",), "Label",
               "The box stays where it lies, and its front goes to its left side: what was its "
               "length is its width. For a box that lies crosswise use Q, E or the knob.",
               editing.quarter, why_not),
    ]  # fmt: skip
    for id, key, where, sign in (("turn left", "Q", "left", 1), ("turn right", "E", "right", -1)):
        for fine, angle in (("", TURN), ("Shift+", FINE_TURN)):
            rows.append(
                Action(
                    f"box {id}{' a little' if fine else ''}",
                    f"Turn it {where}{', a little' if fine else ''}",
                    (f"{fine}{key}",),
                    "Label",
                    f"By {'half a degree' if fine else 'two degrees'}.",
                    partial(editing.turn, sign * angle),
                    why_not,
                )
            )
    for id, key, where, step in _MOVES:
        for fine, metres in (("", STEP_M), ("Shift+", FINE_M)):
            rows.append(
                Action(
                    f"box {id}{' a little' if fine else ''}",
                    f"Move it {where}{', a little' if fine else ''}",
                    (f"{fine}{key}",),
                    "Label",
                    f"By {metres * 100:.0f} cm, as the thing itself sees it.",
                    moved(step, metres),
                    why_not,
                )
            )
    return rows


def _judging(
    window: Shell, session: Session, work: BoxesWork, why_not: Callable[[], str | None]
) -> list[Action]:
    editing = work.editing
    return [
        Action("undo", "Undo", ("Ctrl+Z",), "Label",
               "Take back the last answer, in whatever frame, and go there.", work.undo, why_not),
        Action("redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Label",
               "Bring back what Undo took.", work.redo, why_not),
        Action("box accept", "Accept, go to the next", ("Space", "Return", "Enter"), "Label",
               "Vouch for a dashed box, or take in a rejected one; then choose the next open one.",
               work.accept, why_not),
        Action("box accept all", "Accept all that are open", ("Ctrl+A",), "Label",
               "Every dashed box in sight: those of a score under the slider are none of them.",
               editing.accept_all, why_not),
        Action("box delete", "Take it away", ("Delete",), "Label",
               "Delete a box, or reject one that a detector found.", editing.delete, why_not),
        Action("box false", "Mark a false positive", ("M",), "Label",
               "Nothing is where a detector found something: it stays as a grey mark.",
               editing.reject, why_not),
        Action("box ignore", "Region to ignore", ("I",), "Label",
               "Nothing counts in it, found or missed; again: a box.", editing.ignore, why_not),
        Action("second", "Second opinion, blind", (), "Label",
               "Draw frames again that others finished; nobody's boxes are shown.",
               session.second_opinion, why_not, checked=lambda: bool(work.queue.sample)),
        Action("whole", "Put away, go back", ("Esc",), "Label",
               "Put away what lies over the window, then the tool, what may have been missed, the "
               "choice; then end a second opinion.",
               lambda: None if window.put_away() else session.leave()),
    ]  # fmt: skip


def _frames(work: BoxesWork, why_not: Callable[[], str | None]) -> list[Action]:
    return [
        Action("box next", "Next box, or next guess", ("Tab",), "Go",
               "Of a box that a click just made: what else it may be.", lambda: work.step(1)),
        Action("box previous", "Box before, or guess before", ("Shift+Tab",), "Go",
               "The other way round.", lambda: work.step(-1)),
        Action("box finish", "Frame finished, next", ("Ctrl+Enter", "Ctrl+Return"), "Go",
               "All things have their boxes. What may be missed is shown; again: next frame.",
               work.finish, why_not),
        Action("box decline", "Frame cannot be labelled", (), "Go",
               "It is asked no more, until it is opened again.", work.decline, why_not),
        Action("box reopen", "Open a finished frame again", (), "Go",
               "Or one that cannot be labelled: it may be asked again, its boxes stay.",
               work.finishing.reopen, why_not),
        Action("label", "Go to the first open frame", ("Ctrl+L",), "Go",
               "The next of the frames that are asked.", work.finishing.begin_open),
        Action("next scan", "Next frame", ("PgDown",), "Go",
               "Of the sequence; a track stays chosen.", lambda: work.step_frame(1)),
        Action("previous scan", "Frame before", ("PgUp",), "Go",
               "Of the sequence; a track stays chosen.", lambda: work.step_frame(-1)),
        Action("next keyframe", "Next keyframe", ("Shift+PgDown",), "Go",
               f"{KEYFRAME} frames on.", lambda: work.step_frame(KEYFRAME)),
        Action("previous keyframe", "Keyframe before", ("Shift+PgUp",), "Go",
               f"{KEYFRAME} frames back.", lambda: work.step_frame(-KEYFRAME)),
    ]  # fmt: skip


def _classes(session: Session, work: BoxesWork, why_not: Callable[[], str | None]) -> list[Action]:
    """Digits: the left hand's letters move and turn boxes."""
    classes = session.project.classes
    keys: Sequence[str] = [*_KEYS, *([""] * len(classes.boxed))]
    return [
        Action(
            f"box class {number}",
            classes.names[number],
            (key,) if key else (),
            "Class",
            f"The chosen box is: {classes.names[number]}. Without one: the boxes to come.",
            partial(work.answer, number),
            why_not,
        )
        for number, key in zip(classes.boxed, keys, strict=False)
    ]


def _view(session: Session, work: BoxesWork) -> list[Action]:
    parts, in_view, view = session.points.in_view, work.in_view, work.view
    assert parts is not None
    scene = parts.scene

    def size(by: float) -> Callable[[], None]:
        return lambda: scene.set_point_size(scene.point_px + by)

    return [
        Action("frame", "Frame the box", ("Home",), "Go",
               "Fly to the chosen box; once more, closer.",
               lambda: in_view.frame_chosen(closer=True)),
        Action("overview", "See the whole scan", ("End",), "Go",
               "From behind the sensor.", in_view.overview),
        Action("top", "Top-down view", ("J",), "View",
               "Look straight down, or turn freely.",
               lambda: view.set_top_down(not view.top_down), checked=lambda: view.top_down),
        Action("smaller", "Smaller points", ("[",), "View", "Draw points smaller.", size(-0.5)),
        Action("bigger", "Bigger points", ("]",), "View", "Draw points bigger.", size(0.5)),
        Action("overlays", "Hide what lies over the view", ("H",), "View",
               "Nothing hides the points.", in_view.toggle_overlays,
               checked=lambda: in_view.hidden),
        *_modes(parts),
    ]  # fmt: skip


def _modes(parts: InView) -> list[Action]:
    return [
        mode_action(parts.colours, name, (f"Ctrl+{n}",) if n < 10 else ())
        for n, name in enumerate(MODES, start=1)
    ]
