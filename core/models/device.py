"""The device that computes: a CUDA device where there is one, else the CPU."""

from __future__ import annotations

from core.errors import UserError
from core.messages import msg


def find_device(wanted: str):
    """Return the torch.device of settings.model.device; "auto" is a CUDA device if there is one. Raises UserError for a missing device."""
    import torch

    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted not in ("cpu", "cuda") or (wanted == "cuda" and not torch.cuda.is_available()):
        raise UserError(
            expected=msg("model.device must be auto or cpu, or cuda on a machine with a GPU."),
            found=msg('model.device is "{device}".', device=wanted),
            to_do=msg("Set model.device to auto."),
        )
    return torch.device(wanted)


def available_device(wanted: str):
    """Return a device for work that any machine can do: a model trained on a GPU can be scored on a laptop."""
    return find_device("cpu" if wanted == "cpu" else "auto")
