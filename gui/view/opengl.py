"""Can this machine show the 3D view? One sentence if not (docs/method.md, Display)."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

_NO_WINDOW = ("offscreen", "minimal", "vnc", "linuxfb")


def display_problem() -> str | None:
    """Say what keeps a window from opening, before Qt is touched: without a display it aborts."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "No display found: run on a desktop, or with xvfb-run -a in front."
    if os.environ.get("WAYLAND_DISPLAY"):
        return None
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError:
        return "The library libxcb-cursor0 is missing: run `make setup`, or install it."
    return None


SOFTWARE = ("llvmpipe", "softpipe", "SwiftShader")


@cache
def opengl() -> tuple[str | None, str]:
    """What keeps the 3D view from drawing, or None, and what draws; needs a QApplication."""
    from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

    platform = QGuiApplication.platformName()
    if platform in _NO_WINDOW:
        return f"The Qt platform {platform} draws no 3D: unset QT_QPA_PLATFORM.", ""
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        return "OpenGL does not start: install the graphics driver, or Mesa (libgl1, libegl1).", ""
    version = context.format().version()
    renderer = str(context.functions().glGetString(0x1F01) or "")  # GL_RENDERER
    context.doneCurrent()
    if version < (2, 1):
        return f"OpenGL {version[0]}.{version[1]} is too old: the 3D view needs 2.1.", renderer
    return None, renderer


def free(canvas: Any) -> None:
    """Give back what a canvas of vispy has in OpenGL's memory; it is never drawn again. Qt shares
    that memory among all widgets of a window, so that it would outlive the canvas."""
    canvas.native.hide()
    canvas.set_current()
    made = canvas.context.shared.parser._objects  # vispy itself deletes only what is collected
    for one in made.values():
        if not isinstance(one, str):  # its mark for what is deleted already
            one.delete()
    made.clear()
