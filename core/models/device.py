"""Where arrays are worked on: a CUDA device where there is one, or the CPU."""

from __future__ import annotations

from core.errors import UserError
from core.messages import msg


def device_of(wanted: str):
    """The torch.device of settings.model.device: "auto" is a CUDA device where there is one. Raises UserError for what is not there."""
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


def at_hand(wanted: str):
    """As device_of, but for what any machine can do: a model that learnt on a GPU scores on a laptop."""
    return device_of("cpu" if wanted == "cpu" else "auto")
