"""Where networks run: the CPU, or a CUDA device when there is one."""

from __future__ import annotations

import torch

from engine.errors import SetupError


def pick_device(wish: str) -> str:
    """`"auto"` → `"cuda"` if torch sees one, else `"cpu"`; raises `SetupError` for a wish that cannot be met."""
    if wish not in ("auto", "cpu", "cuda"):
        raise SetupError(f"The device {wish!r} is not known; auto, cpu or cuda would work.")
    if wish == "cuda" and not torch.cuda.is_available():
        raise SetupError("The device 'cuda' was asked for, but torch sees none; 'auto' or 'cpu' would work.")
    if wish == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wish
