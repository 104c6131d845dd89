"""Lets torchvision be imported where its compiled operators do not match PyTorch; elsewhere it does nothing."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import torch

_library: Any = None


def ensure_torchvision() -> ModuleType:
    """Return torchvision, declaring the two operators its import asks for when they are missing.

    A CPU build of PyTorch beside a CUDA build of torchvision fails at import, and takes open_clip and transformers
    with it. Only detection operators (nms, roi_align) stay unusable. Call it before the first import of those.
    """
    global _library
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _library = torch.library.Library("torchvision", "FRAGMENT")  # kept for the life of the process
    for operator in ("nms", "qnms"):
        _library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module("torchvision")
