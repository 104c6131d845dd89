"""Reads and writes parameters: safetensors, or PyTorch files as data only (`weights_only`). Checks every shape."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from retrieval.errors import BadFile

RENAMED = {"class_token": "time_token"}
"""Names in older released files → today's."""

MARK = "time_pos_encoding"
"""A name that only the encoder has."""

WRAPPERS = ("module.", "encoder.", "sat_encoder.", "model.")
"""Prefixes that training wrappers put before every name."""

INSIDE = ("learner.ts_encoder.", "learner.TS_ViT.", "ts_encoder.", "TS_ViT.")
"""Where TimeSenCLIP's own training keeps the encoder, beside its queue, pooling and temperature; the first counts."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Return a file's tensors by name. Nothing in the file is executed.

    Raises:
        BadFile: missing, corrupt, or holding something else than tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise BadFile(f"no weights at {path}")
    try:
        state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    except Exception as error:  # torch and safetensors raise a dozen kinds for a damaged file
        if isinstance(error, BadFile):
            raise
        raise BadFile(f"{path} cannot be read as weights: {_first_line(error)}") from error
    return state


def encoder_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of TimeSenCLIP's encoder among those of a file, by their bare names.

    A training checkpoint holds more: the queue, the pooling, the temperature, a second copy of the encoder.
    """
    bare = {name.removeprefix("state_dict."): tensor for name, tensor in state.items()}
    for prefix in (*INSIDE, ""):
        for name in bare:
            if name.endswith(prefix + MARK):
                start = name.removesuffix(MARK)
                return {n.removeprefix(start): t for n, t in bare.items() if n.startswith(start)}
    return bare


def temperature_of(state: Mapping[str, Tensor]) -> float | None:
    """Return the learnt scale of the cosines of a training checkpoint, exp of its logarithm; None without one."""
    for name, tensor in state.items():
        if name.rsplit(".", 1)[-1] == "logit_scale" and tensor.numel() == 1:
            return float(tensor.double().exp().clamp(max=100))
    return None


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Return the JSON kept under `landask` in a safetensors file's header; {} where there is none."""
    from safetensors import safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            text = (file.metadata() or {}).get("landask", "{}")
    except Exception as error:  # as above
        raise BadFile(f"{path} cannot be read as weights: {_first_line(error)}") from error
    return json.loads(text)


def load_into(module: nn.Module, state: Mapping[str, Tensor], source: str = "the file") -> None:
    """Put tensors into a module; every name and shape has to fit.

    Raises:
        BadFile: says which names are missing, unknown or of another shape.
    """
    own = module.state_dict()
    given = _todays_names(state, own)
    missing = sorted(own.keys() - given.keys())
    unknown = sorted(given.keys() - own.keys())
    ready = {name: _fit(given[name], own[name]) for name in own.keys() & given.keys()}
    wrong = [
        f"{name} is {tuple(given[name].shape)}, expected {tuple(own[name].shape)}"
        for name in sorted(ready)
        if ready[name] is None
    ]
    if missing or unknown or wrong:
        parts = [
            f"missing: {_listed(missing)}" if missing else "",
            f"unknown: {_listed(unknown)}" if unknown else "",
            f"other shapes: {_listed(wrong)}" if wrong else "",
        ]
        raise BadFile(f"{source} does not fit the encoder; " + "; ".join(part for part in parts if part))
    module.load_state_dict({name: tensor for name, tensor in ready.items() if tensor is not None})


def save(path: str | Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any] | None = None) -> None:
    """Write tensors as safetensors, whole or not at all."""
    from safetensors.torch import save_file

    path = Path(path)
    part = path.with_suffix(path.suffix + ".part")
    plain = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    save_file(plain, str(part), metadata={"landask": json.dumps(dict(metadata or {}), sort_keys=True)})
    part.replace(path)


def _todays_names(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    named = {}
    for name, tensor in state.items():
        short = name
        while short not in own and short.startswith(WRAPPERS):
            short = short.split(".", 1)[1]
        named[RENAMED.get(short, short) if short not in own else short] = tensor
    return named


def _fit(given: Tensor, own: Tensor) -> Tensor | None:
    """Return `given` in `own`'s shape and type where only axes of length one differ, else None."""
    squeeze = [n for n in given.shape if n != 1], [n for n in own.shape if n != 1]
    if squeeze[0] != squeeze[1]:
        return None
    return given.reshape(own.shape).to(own.dtype)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(str(path))


def _read_torch(path: Path) -> dict[str, Tensor]:
    with torch.serialization.safe_globals([argparse.Namespace]):  # a checkpoint's hyper-parameters: data alone
        data = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(data, dict) and isinstance(data.get(key), dict):
            data = data[key]
    if not isinstance(data, dict) or not all(isinstance(v, Tensor) for v in data.values()):
        raise BadFile(f"{path} holds no table of tensors")
    return data


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more"


def _first_line(error: Exception) -> str:
    text = _COLOURS.sub("", str(error)).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
