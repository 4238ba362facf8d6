"""Where networks run: the CPU, or a CUDA device when there is one; and how their weights lie in memory."""

from __future__ import annotations

import os

import torch

from engine.errors import SetupError


def prefer_large_pages() -> None:
    """Have torch ask the system for large pages, so that reading weights misses fewer of them: the same numbers sooner.

    It takes effect only before torch has reserved anything; whoever has set the variable decides.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def pick_device(wish: str) -> str:
    """`"auto"` → `"cuda"` if torch sees one, else `"cpu"`; raises `SetupError` for a wish that cannot be met."""
    prefer_large_pages()
    if wish not in ("auto", "cpu", "cuda"):
        raise SetupError(f"The device {wish!r} is not known; auto, cpu or cuda would work.")
    if wish == "cuda" and not torch.cuda.is_available():
        raise SetupError("The device 'cuda' was asked for, but torch sees none; 'auto' or 'cpu' would work.")
    if wish == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wish
