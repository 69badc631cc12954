"""What the window can do: the rows of the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gui.points.class_palette import CODES
from gui.points.paint import MODES
from gui.window.actions import Action
from gui.window.faces import Shell
from gui.window.project_commands import shared

if TYPE_CHECKING:
    from gui.points.colours import Colours
    from gui.points.work import InView
    from gui.window.session import Session


def always(window: Shell) -> list[Action]:
    """Actions that need no project."""
    return [
        Action("new", "New project from scans …", ("Ctrl+N",), "Project",
               "Choose a folder of scans.",
               lambda: window.choose_for("Choose a folder of scans", window.look_at)),
        Action("open", "Open a project …", ("Ctrl+O",), "Project",
               "Choose a project's folder.",
               lambda: window.choose_for("Open a project", window.look_at)),
        Action("experiments", "Experiments …", ("Ctrl+Shift+E",), "Project",
               "Strategies side by side: start, watch, stop; curves, tables, any round.",
               window.open_experiments),
        Action("theme", "Light or dark", ("Ctrl+Shift+L",), "View",
               "Change between the light and the dark colours.", window.change_theme),
        Action("larger text", "Larger text", ("Ctrl+=", "Ctrl++"), "View",
               "Make every text of the window larger.", lambda: window.scale_text(1.1)),
        Action("smaller text", "Smaller text", ("Ctrl+-",), "View",
               "Make every text of the window smaller.", lambda: window.scale_text(1 / 1.1)),
        Action("text", "Text as it was", ("Ctrl+0",), "View",
               "Give text its first size back.", lambda: window.scale_text(0)),
        Action("still", "No flights", (), "View",
               "Be at the next unit at once, without moving there.",
               window.change_motion, checked=lambda: window.still),
        Action("commands", "Command palette", ("Ctrl+Shift+P",), "Help",
               "Find an action by its name.", window.open_palette),
        Action("keys", "Key sheet", ("F1", "?"), "Help",
               "Every key on one sheet.", window.open_keys),
        Action("quit", "Quit", ("Ctrl+Q",), "Project",
               "Close the window; every answer is saved already.", window.close),
    ]  # fmt: skip


def of_session(window: Shell, session: Session) -> list[Action]:
    """Actions on the open project while its points are answered."""
    state, work, queue, context = session.state, session.points, session.queue, session.context
    exchange, common = session.exchange, shared(window, session)

    rows = [
        common["start"],
        Action("tour", "Two-minute tour", (), "Help",
               "Five short steps: how to label.", window.show_tour),
        common["settings"],
        common["classes"],
        common["layout"],
        common["boxes"],
        Action("export", "Export …", ("Ctrl+E",), "Project",
               "Write labels, predictions or coloured points, for other programs.",
               window.open_export, session.no.export),
        common["merge"],
        Action("reopen", "Ask again where annotators differ", (), "Project",
               "Put the units they see differently back in the queue.",
               session.steps.reopen, session.no.change),
        Action("import", "Import labels …", (), "Project",
               "Look at existing label files, and take them over to repair them here.",
               lambda: window.choose_for("Folder with label files", exchange.look_at_labels),
               session.no.change),
        common["prepare"],
        common["report"],
        Action("desk", "Desk: charts …", ("Ctrl+D",), "View",
               "Learning curve, classes in the partitions, sizes, IoU by round, confusion.",
               window.open_desk),
        Action("ask", "Ask", ("F6",), "Round",
               "Choose the units worth asking about.", session.steps.ask_next, session.no.ask),
        Action("ask with", "Ask with options …", ("Shift+F6",), "Round",
               "Choose strategy, budget and branch; see what that would ask.", window.open_ask,
               session.no.ask_with),
        Action("oracle", "Oracle", ("F7",), "Round",
               "Answer the open query from ground truth.", session.steps.oracle, session.no.oracle),
        Action("train", "Train", ("F8",), "Round",
               "Train on all answers, score and evaluate.", session.steps.train, session.no.train),
        Action("rank", "Rank by another network …", (), "Round",
               "Take the probabilities of any network, a .npy or .npz for each scan.",
               lambda: window.choose_for("Folder with probabilities", exchange.rank_by),
               session.no.rank),
        Action("evaluate", "Evaluate", ("F9",), "Round",
               "Measure mIoU on the validation scans.", session.steps.evaluate,
               session.no.evaluate),
        common["cancel"],
        Action("label", "Go to the first open item", ("Ctrl+L",), "Go",
               "Begin to label.", state.begin),
        Action("drawing", "Go to an open drawing", (), "Go",
               "Show what was drawn and not answered yet; again, the next one.",
               work.next_drawing),
        Action("skip", "Skip", ("Tab",), "Go",
               "Leave this item open and go to the next.", state.skip),
        Action("back", "Back", ("Shift+Tab",), "Go",
               "Go to the item before this one.", state.back),
        Action("sort", "Queue by rank or by scan", ("Ctrl+Shift+S",), "Go",
               "Order the queue by rank, or scan by scan.", lambda: queue.step(queue.sort)),
        Action("partition", "Queue: next partition", ("Ctrl+Shift+F",), "Go",
               "Keep one partition in the queue; after the last one, all.",
               lambda: queue.step(queue.partition)),
        Action("suggested", "Queue: next suggested class", ("Ctrl+Shift+C",), "Go",
               "Keep items with one class suggested first; after the last one, all.",
               lambda: queue.step(queue.suggested)),
        Action("next scan", "Next scan", ("PgDown",), "Go",
               "Show the next scan.", lambda: state.step_scan(1)),
        Action("previous scan", "Previous scan", ("PgUp",), "Go",
               "Show the scan before.", lambda: state.step_scan(-1)),
        Action("undo", "Undo", ("Ctrl+Z",), "Label",
               "Take back the last step of a drawing, else the last answer; its drawing is there "
               "again.",
               work.undo, session.no.label),
        Action("redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Label",
               "Bring back what Undo took.", work.redo, session.no.label),
        Action("decline", "Cannot tell, never ask again", ("Delete",), "Label",
               "The unit costs nothing and is not asked again.",
               work.decline, session.no.label),
        Action("accept", "Accept", ("Return", "Enter", "Space"), "Label",
               "Confirm the draft, or answer with the class suggested first.",
               work.accept, session.no.label),
        Action("guess", "Split it, by the best guess", ("Y",), "Label",
               "The network's class of each point, else two parts of like points; again: "
               "split the lit part further.",
               work.labelling.guess, session.no.label),
        Action("grow", "Grow to the whole thing", ("6",), "Label",
               "Take in what belongs to the unit; again: a step further. Ctrl + click takes in "
               "what is clicked, or lets go of it. One key labels it all.",
               work.growing.grow, session.no.label),
        Action("shrink", "Shrink again", ("Shift+6",), "Label",
               "Let go of what growing took in last; of a unit that holds several things: its two "
               "parts, one after the other.",
               work.growing.shrink, session.no.label),
        Action("same", "Same thing as the last one", ("7",), "Label",
               "The class of the last answer, as more of the same thing (label.instances).",
               work.same, session.no.same),
        Action("alike", "Units like this one", ("Ctrl+A",), "Label",
               "Tick the same ones on a sheet of pictures (again: all); one key labels them.",
               work.sheet.open, session.no.label),
        Action("second", "Second opinion, blind", (), "Label",
               "Answer a sample of others' units; labels and suggestions are hidden.",
               session.second_opinion, session.no.label,
               checked=lambda: state.second is not None),
        Action("quality", "Quality without ground truth …", ("Ctrl+Shift+Q",), "Round",
               "Draw points by chance, answer them blind, see accuracy and IoU with intervals.",
               window.open_quality),
        Action("picture", "Camera picture, large", ("F2",), "View",
               "Show the camera's picture of the unit over the view, or the view again.",
               context.toggle_large, checked=lambda: not context.large.isHidden()),
        Action("whole", "Put away, go back", ("Esc",), "Label",
               "Put away what lies over the window, then the tool, the selection, the draft; then "
               "go back to what is asked, then end a second opinion.",
               lambda: None if window.put_away() else session.leave()),
        Action("suggestions", "Show suggestions", ("Ctrl+G",), "Label",
               "Show what a unit may be, or decide unprompted.",
               session.toggle_suggestions, checked=lambda: state.guesses.shown),
    ]  # fmt: skip
    for code, name, key in CODES:
        rows.append(_class(session, code, name.capitalize(), key, "Label"))
    classes = session.project.classes
    for number in classes.shown:
        rows.append(_class(session, number, classes.names[number], classes.keys[number], "Class"))
    if work.in_view is not None:
        rows += _in_view(session, work.in_view)
    guarded = {"skip", "back", "label"} | {
        one.id for one in rows if one.group in ("Label", "Class")
    }
    guarded -= {"whole", "second", "suggestions", "through"}  # they are about no unit
    return [session.gate.guard(one) if one.id in guarded else one for one in rows]


def _class(session: Session, number: int, name: str, key: str, group: str) -> Action:
    return Action(
        f"class {number}",
        name,
        (key,),
        group,
        f"The asked points are: {name}.",
        lambda: session.work.answer(number),
        session.no.label,
    )


def _in_view(session: Session, parts: InView) -> list[Action]:
    work, scene, drawing, overlays = session.points, parts.scene, parts.drawing, parts.overlays
    view = scene.view

    def enlarge(by: int) -> None:
        if not drawing.resize(by):
            scene.set_point_size(scene.point_px + by * 0.5)

    def turn() -> None:
        view.set_top_down(not view.top_down)
        overlays.refresh()

    rows = [
        Action("cut", "Cut in two", ("K",), "Label",
               "Draw one line; each side gets a class of its own.",
               lambda: drawing.begin("cut"), session.no.label),
        Action("lasso", "Lasso", ("L",), "Label",
               "Draw around points of the unit.", lambda: drawing.begin("lasso"), session.no.label),
        Action("polygon", "Polygon", ("P",), "Label",
               "Click corners around points of the unit.",
               lambda: drawing.begin("polygon"), session.no.label),
        Action("box", "Box", ("O",), "Label",
               "Drag a box over points of the unit.",
               lambda: drawing.begin("box"), session.no.label),
        Action("brush", "Brush", ("U",), "Label",
               "Paint over points of the unit.", lambda: drawing.begin("brush"), session.no.label),
        Action("fill", "Fill", (",",), "Label",
               "Click a part of like points of the unit.", drawing.begin_fill, session.no.label),
        Action("swap", "Swap a class", (";",), "Label",
               "The next class takes the place of the selected points' class in the whole unit.",
               work.labelling.begin_swap, session.no.label),
        Action("through", "Draw through", ("Ctrl+T",), "Label",
               "Shapes take hidden points too, or only what is in sight.",
               lambda: drawing.set_through(not drawing.through), checked=lambda: drawing.through),
        Action("frame", "Frame the unit", ("Home",), "Go",
               "Fly to what is asked; once more, closer.", scene.frame),
        Action("overview", "See the whole scan", ("End",), "Go",
               "Fly back over the sensor.", view.overview),
        Action("top", "Top-down view", ("J",), "View",
               "Look straight down, or turn freely.", turn, checked=lambda: view.top_down),
        Action("smaller", "Smaller points", ("[",), "View",
               "Draw points, or the brush in hand, smaller.",
               lambda: enlarge(-1)),
        Action("bigger", "Bigger points", ("]",), "View",
               "Draw points, or the brush in hand, bigger.",
               lambda: enlarge(1)),
        Action("around", "Neighbouring scans", ("Ctrl+B",), "View",
               "Show the four scans before and behind too, placed by their poses.",
               scene.neighbours.toggle, checked=lambda: bool(scene.neighbours.levels)),
        Action("filter", "Draw only a part …", ("Ctrl+F",), "View",
               "By distance, in a box around the unit, by class; what is asked is always drawn.",
               overlays.switches.open_filter),
        Action("clip", "Box around the unit", ("Ctrl+K",), "View",
               "Draw only what is near the unit; again nearer, then everything.",
               parts.filters.step_box, checked=lambda: bool(parts.filters.filter.around)),
        Action("open only", "Draw only what has no class", ("Ctrl+U",), "View",
               "Hide every point that has a class, save those that are asked; or draw all.",
               lambda: parts.filters.show_open(only=not parts.filters.filter.hidden),
               checked=lambda: bool(parts.filters.filter.hidden)),
        Action("overlays", "Hide what lies over the view", ("H",), "View",
               "Nothing hides the points.", overlays.toggle, checked=lambda: overlays.hidden),
    ]  # fmt: skip
    return [
        *rows,
        *(
            mode_action(parts.colours, mode, (f"Ctrl+{n}",) if n < 10 else ())
            for n, mode in enumerate(MODES, start=1)
        ),
    ]


def mode_action(colours: Colours, mode: str, keys: tuple[str, ...]) -> Action:
    """The action that colours the points by one of gui.points.paint.MODES."""
    named = {
        "truth": "ground truth",
        "colours": "the file's own colours",
        "error": "right and wrong",
    }
    title = f"Colour by {named.get(mode, mode)}"
    return Action(
        f"mode {mode}",
        title,
        keys,
        "View",
        f"{title}.",
        lambda: colours.set_mode(mode),
        lambda: None if mode in colours.modes() else "There is nothing of this to show yet.",
        lambda: colours.mode == mode,
    )
