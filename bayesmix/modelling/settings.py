"""What a sampler is asked for, and the record of what it did."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bayesmix.arrays import Floats

type Method = Literal["auto", "exact", "quadrature", "joint", "marginal"]
type Sampler = Literal["auto", "importance", "nutpie", "pymc", "numpyro"]

METHODS: tuple[Method, ...] = ("auto", "exact", "quadrature", "joint", "marginal")
JOINT_SAMPLERS: tuple[Sampler, ...] = ("nutpie", "pymc", "numpyro")
SAMPLERS: tuple[Sampler, ...] = ("auto", "importance", *JOINT_SAMPLERS)
SEEDS = 2**32  # the samplers take seeds below it
RHAT_LIMIT = 1.01  # Vehtari et al. (2021), doi:10.1214/20-BA1221
EFFECTIVE_PER_CHAIN = 100  # draws, for means and intervals; Vehtari et al. (2021), doi:10.1214/20-BA1221
TARGET_ACCEPT = 0.9
MOST_KEPT = 2**25  # numbers, 256 MiB, up to which draws of the largest factor's effects are kept unless asked otherwise


_DEGREES = 5  # of the t distribution of dispersed starts
_FARTHEST = 6.0  # standard deviations: beyond, a chain may spend its tuning on the way back


@dataclass(frozen=True)
class Dispersed:
    """Starts that are `width` times as far apart as the posterior is wide, with the tails of a t distribution.

    `points`: draws of a posterior (n_total, n) whose centre and width are gone by, where a model is sampled in
    coordinates of which nothing is known beforehand.
    """

    width: float = 2.0
    points: Floats | None = None

    def steps(self, seed: int, n: int) -> Floats:
        """From the centre, in posterior standard deviations, shape (n,)."""
        drawn = self.width * np.random.default_rng(seed).standard_t(_DEGREES, size=n)
        return drawn.clip(-_FARTHEST, _FARTHEST)


@dataclass(frozen=True)
class SamplerSettings:
    """What a sampler is asked for; made once, handed on whole.

    `draws` of each of `chains` after `tune` steps of NUTS, on `cores`, from `seed`. `tune` and `target_accept`: None
    for what the route takes by default. `keep_effects`: whether the posterior holds the effects of the largest grouping
    factor, None: unless they are too many. `remedies`: whether NUTS on all parameters may be tried again. `progress`:
    whether a bar is shown. `dispersed`: how far apart chains of NUTS start; None: as the posterior is wide.
    """

    sampler: str
    draws: int
    chains: int
    cores: int
    seed: int
    tune: int | None = None
    target_accept: float | None = None
    keep_effects: bool | None = None
    remedies: bool = True
    progress: bool = True
    dispersed: Dispersed | None = None

    @property
    def n_total(self) -> int:
        """Draws of all chains together."""
        return self.draws * self.chains


@dataclass(frozen=True)
class Sampling:
    """How the draws were made.

    `sampler` by name; `draws` kept of each chain after `tune` steps of NUTS; `cores`: chains that ran at the same
    time; `target_accept`: the acceptance probability that the step size was tuned to; `seconds` from model to last
    draw, compilation left out. Importance sampling has no tuning (0) and no step size (None). `centred`: labels of the
    random terms whose effects themselves were sampled, of the others the effects divided by their sd. `thin`: of how
    many draws one is kept.
    """

    sampler: str
    draws: int
    tune: int
    chains: int
    cores: int
    seed: int
    target_accept: float | None
    seconds: float
    centred: tuple[str, ...] = ()
    thin: int = 1
