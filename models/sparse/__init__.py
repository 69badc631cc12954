"""Sparse convolution behind one function, `conv(features, weight, kernel_map)`."""

from models.sparse.torch_backend import conv, release_buffers

BACKEND = "torch"

__all__ = ["BACKEND", "conv", "release_buffers"]
