"""The least contrast of points with the canvas: 3 : 1 for what stands around, 4.5 : 1 for what is
asked (WCAG 2.1, 1.4.11 and 1.4.3), in whatever colour."""

from __future__ import annotations

import numpy as np

from gui.look.theme import luminance

AROUND, ASKED = 3.4, 5.1  # a tenth more, since squares stand for sRGB's powers, which are slow

# What is too dark is mixed with white, what is too bright with black, in linear light.
GLSL = """
uniform vec2 u_least;  // luminance, by squares, of what stands around and of what is asked
uniform float u_dark;
vec3 told_apart(vec3 colour, bool asked) {
    vec3 linear = colour * colour;
    float luminance = dot(linear, vec3(0.2126, 0.7152, 0.0722));
    float least = asked ? u_least.y : u_least.x;
    if (u_dark > 0.5) {
        if (luminance >= least) return colour;
        linear = mix(linear, vec3(1.0), (least - luminance) / (1.0 - luminance));
    } else {
        if (luminance <= least) return colour;
        linear *= least / luminance;
    }
    return sqrt(linear);
}
"""


def told_apart(rgb: np.ndarray, canvas: tuple[int, int, int]) -> np.ndarray:
    """(n, 3) uint8: colours rgb (n, 3) 0..255 as the visual shows them on a canvas, of what stands
    around."""
    wanted, _, dark = least((canvas[0] / 255, canvas[1] / 255, canvas[2] / 255))
    linear = (np.asarray(rgb, float) / 255) ** 2
    luminance = (linear @ (0.2126, 0.7152, 0.0722))[:, None]
    if dark:
        part = np.clip((wanted - luminance) / (1 - luminance + 1e-9), 0, 1)
        linear = linear + (1 - linear) * part
    else:
        linear = linear * np.minimum(1, wanted / np.maximum(luminance, 1e-9))
    return np.asarray(np.round(np.sqrt(linear) * 255).astype(np.uint8))


def least(background: tuple[float, float, float]) -> tuple[float, float, bool]:
    """For `told_apart` on a background (0..1 each): the two luminances, and whether it is dark."""
    canvas = luminance(background)
    dark = canvas < 0.18  # as far from black as from white, in contrast
    found = []
    for ratio in (AROUND, ASKED):
        wanted = (canvas + 0.05) * ratio - 0.05 if dark else (canvas + 0.05) / ratio - 0.05
        found.append((1.055 * wanted ** (1 / 2.4) - 0.055) ** 2)  # of the grey as bright as that
    return found[0], found[1], dark
