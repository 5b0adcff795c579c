"""What decides a detector's weights, apart from the pictures."""

from collections.abc import Callable
from dataclasses import dataclass, field

from transforms.detect.package import DetectorConfig, DetectorError, Params
from transforms.detect.preprocess import InputSpec

Tick = Callable[[str, int, int], None]
"""Called as (what, done, in all)."""

FINAL = "final"
"""The run that trains the network to ship."""


@dataclass(frozen=True)
class Settings:
    """The settings that both families share.

    Attributes:
        architecture: A name from `transforms.detect.network`.
        params: Its parameters.
        input: What the network sees of a picture.
        seed: Of every chance.
        licence: Of the weights, as SPDX states it.
        version: Of the detector; another recipe gets another one.
    """

    params: Params
    input: InputSpec
    seed: int = 7
    architecture: str = ""
    licence: str = "Apache-2.0"
    version: str = "0.1.0"


@dataclass(frozen=True)
class Descent(Settings):
    """A whole network, trained from scratch by stochastic gradient descent.

    Attributes:
        epochs: Of the shipped network.
        fold_epochs: Of each held-out fold's network.
        samples: Views drawn in one epoch.
        batch: Views in one step.
        rate: Peak learning rate.
        decay: Weight decay.
        smoothing: Label smoothing.
    """

    architecture: str = "compact"
    params: Params = field(default_factory=lambda: {"widths": [16, 48, 96, 192], "dropout": 0.2})
    input: InputSpec = field(default_factory=lambda: InputSpec(size=160, views=3, short_side=384))
    epochs: int = 14
    fold_epochs: int = 6
    samples: int = 1024
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.02
    smoothing: float = 0.05


@dataclass(frozen=True)
class Head(Settings):
    """A linear head on a frozen, pretrained trunk.

    Attributes:
        views_drawn: Random views of each picture.
        penalty: Of the squared weights of the standardised features.
    """

    architecture: str = "trunk"
    params: Params = field(default_factory=lambda: {"depth": 11, "pooled": 6})
    input: InputSpec = field(default_factory=lambda: InputSpec(size=224, views=3, short_side=256))
    views_drawn: int = 6
    penalty: float = 20.0


@dataclass(frozen=True)
class ClipHead(Head):
    """A linear head on CLIP's image tower (its weights are OpenAI's, MIT): many times slower than the default."""

    architecture: str = "clip"
    params: Params = field(default_factory=lambda: {"depth": 7, "pooled": 4})
    input: InputSpec = field(default_factory=lambda: InputSpec(size=224, views=1, short_side=320))
    views_drawn: int = 2
    penalty: float = 50.0
    licence: str = "MIT AND Apache-2.0"
    version: str = "0.2.0"


FAMILIES: dict[str, type[Head] | type[Descent]] = {"head": Head, "clip-head": ClipHead, "scratch": Descent}
"""By the name that the command line knows them by."""


def settings_of(config: DetectorConfig, seed: int) -> Settings:
    """The settings with which a shipped package's network is trained again.

    Raises:
        DetectorError: `unknown_architecture` when it was not trained here.
    """
    for family in FAMILIES.values():
        settings = family(params=config.architecture.params, input=config.input, seed=seed)
        if settings.architecture == config.architecture.name:
            return settings
    raise DetectorError(
        "unknown_architecture",
        f"{config.name} is of architecture '{config.architecture.name}', which is not trained here; "
        "measure it on a split instead",
    )
