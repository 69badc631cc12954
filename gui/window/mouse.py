"""What the mouse does, for the key sheet: no action of the table has a button of the mouse."""

from __future__ import annotations

# What one does, and what comes of it.
MOUSE = (
    ("Click a point", "Its unit, or stray points, to be answered"),
    ("Drag", "Turn"),
    ("Shift + drag", "Move (or the middle button)"),
    ("Wheel", "Nearer, farther (or the right button)"),
    ("Rest on a point", "Who said what of it"),
    ("Drag with a tool", "Select points without a class"),
    ("Shift, tool", "Points with a class too"),
    ("Ctrl, tool", "Take away from the selection"),
    ("Double click, polygon", "Close it"),
    ("Wheel, brush", "Its size"),
    ("Double click, picture", "Large, and back"),
    ("Wheel, picture", "A wider part of it"),
)
