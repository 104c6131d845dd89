"""Contrastive pretraining on unlabelled pixels, as Embedding Earth does (Tarasiou, Zafeiriou 2022, arXiv 2203.06041).

Two views of one pixel's year, in other light and with other months hidden, are to lie nearer to each other than to
those of other pixels (InfoNCE both ways). The article contrasts the pixels of image series; here each stands alone.
What is compared is a projection that is thrown away; what stays is the network, taught on labels then.
`python -m evals encoders` measures it with and without; `head --backbone months --pool FILE` uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from tools.pixelclip.augment import vary
from tools.pixelclip.distil import Unlabelled
from tools.pixelclip.features import month_features
from tools.pixelclip.learning import Lesson, descend
from tools.pixelclip.pretraining import DIM, UNLABELLED, Months, pretrain

HIDDEN = 0.4
"""Share of months that a view does not show."""

TEMPERATURE = 0.1


def contrast(sources: Mapping[str, NDArray[np.float32]], classes: int, lesson: Lesson = UNLABELLED) -> Months:
    """Return a network that learnt to tell unlabelled (N, 12, 10) years apart; its classifier is still untaught."""
    torch.manual_seed(lesson.seed)
    generator = torch.Generator().manual_seed(lesson.seed)
    both, pool = nn.ModuleDict({"months": Months(classes), "projection": _projection()}), Unlabelled(sources)
    network, projection = both["months"], both["projection"]
    assert isinstance(network, Months)
    network.standard.fit(month_features(pool.draw(4096, generator)).flatten(0, 1))

    def view(years: Tensor) -> Tensor:
        seen = network.standard(month_features(vary(years, generator).clamp(1, 16_000)))
        hidden = torch.rand(len(years), 12, generator=generator) < HIDDEN
        return projection(network.tokens(seen, hidden).mean(dim=1))

    def loss() -> Tensor:
        years = pool.draw(lesson.batch, generator)
        return nearest_is_own(view(years), view(years))

    descend(both, loss, lesson)
    network.is_pretrained = True
    return network


def nearest_is_own(first: Tensor, second: Tensor) -> Tensor:
    """Return the InfoNCE loss, both ways, of two views (B, dim): row i of one belongs to row i of the other."""
    logits = normalize(first, dim=1) @ normalize(second, dim=1).T / TEMPERATURE
    own = torch.arange(len(logits))
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


WAYS: Mapping[str, Callable[..., Months]] = {"hidden": pretrain, "contrast": contrast}
"""How a network learns before it sees a label: hidden months are told, or views of a pixel are told from others."""


def begun(learnt: Months) -> Callable[[int], Months]:
    """Return what makes a network for so many classes that starts from what another learnt without labels."""

    def make(classes: int) -> Months:
        network = Months(classes)
        kept = {name: value for name, value in learnt.state_dict().items() if not name.startswith("classifier.")}
        network.load_state_dict(kept, strict=False)
        network.is_pretrained = True
        return network

    return make


def _projection() -> nn.Module:
    return nn.Sequential(nn.Linear(DIM, DIM), nn.ReLU(), nn.Linear(DIM, DIM))
