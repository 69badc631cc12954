"""The least contrast of points with the canvas: 3 : 1 for what stands around, 4.5 : 1 for what is
asked (WCAG 2.1, 1.4.11 and 1.4.3), in whatever colour."""

from __future__ import annotations

from gui.look.theme import luminance

AROUND, ASKED = 3.1, 4.6  # a little more, for pixels are bytes

# What is too dark is mixed with white, what is too bright with black, in linear light.
GLSL = """
uniform vec2 u_least;  // luminance of what stands around and of what is asked
uniform float u_dark;
vec3 told_apart(vec3 colour, bool asked) {
    vec3 linear = pow(colour * 0.947867 + 0.052133, vec3(2.4));
    float luminance = dot(linear, vec3(0.2126, 0.7152, 0.0722));
    float least = asked ? u_least.y : u_least.x;
    if (u_dark > 0.5) {
        if (luminance >= least) return colour;
        linear = mix(linear, vec3(1.0), (least - luminance) / (1.0 - luminance));
    } else {
        if (luminance <= least) return colour;
        linear *= least / luminance;
    }
    return pow(linear, vec3(0.416667)) * 1.055 - 0.055;
}
"""


def least(background: tuple[float, float, float]) -> tuple[float, float, bool]:
    """For `told_apart` on a background (0..1 each): the two luminances, and whether it is dark."""
    canvas = luminance(background)
    dark = canvas < 0.18  # as far from black as from white, in contrast
    found = []
    for ratio in (AROUND, ASKED):
        found.append((canvas + 0.05) * ratio - 0.05 if dark else (canvas + 0.05) / ratio - 0.05)
    return found[0], found[1], dark
