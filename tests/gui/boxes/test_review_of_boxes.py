"""The review's numbers name the agreement of boxes beside that of points."""

from __future__ import annotations

import numpy as np

from core.answers.box import Box
from core.answers.boxes import Drawn
from tests.gui.panels.lists import refilled


def test_frames_drawn_twice_are_in_the_reviews_numbers(driver):
    project = driver.session.project
    scan = project.dataset.train[0]
    ref, boxes = project.scan_ref(scan), project.boxes
    for blind, ahead in ((False, 10.0), (True, 10.5)):
        box = Box(np.array([ahead, 0, 0, 4.0, 2.0, 1.5, 0.0]), 0)
        boxes.draw([Drawn(ref, boxes.new_names(scan, 1)[0], box)], round="", blind=blind)
        boxes.finish(ref, round="", blind=blind)
    refilled(driver)
    lines = driver.session.review.summary.text().splitlines()
    me = project.answers.annotator
    assert lines[-1] == (
        f"Boxes: {me} again: 1 frames, 1 boxes, found by both 100%, IoU 0.78, same class 100%."
    )
