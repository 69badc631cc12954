"""Sparse convolution behind one function, `conv(features, weight, kernel_map)`."""

from models.sparse.backends import conv, describe, release_buffers

__all__ = ["conv", "describe", "release_buffers"]
