"""Have the loops of the sparse convolution compiled."""

from __future__ import annotations


def warm() -> None:
    """Compile what is not on disk yet, some seconds, and see that it agrees with plain torch."""
    from models.sparse.backends import choose

    choose("cpu")
