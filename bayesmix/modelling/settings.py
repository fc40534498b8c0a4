"""The settings of a sampler, and the record of how the draws were made."""

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
MOST_KEPT = 2**25  # numbers, 256 MiB: the largest factor's effects are kept up to here, unless asked otherwise
MOST_UNCONSTRAINED = 2**25  # numbers, draws times parameters: draws on the unconstrained scale are kept up to here

_DEGREES = 5  # of the t distribution of dispersed starts
_FARTHEST = 6.0  # standard deviations: a chain that starts farther out may spend its tuning on the way back


@dataclass(frozen=True)
class Dispersed:
    """Starts that lie `width` times as far apart as the posterior is wide, with the tails of a t distribution.

    `points` are draws of a posterior (n_total, n). Their means and standard deviations serve as centre and width where
    a model is sampled in coordinates whose scale is not known beforehand.
    """

    width: float = 2.0
    points: Floats | None = None

    def steps(self, seed: int, n: int) -> Floats:
        """Steps from the centre in posterior standard deviations, shape (n,)."""
        drawn = self.width * np.random.default_rng(seed).standard_t(_DEGREES, size=n)
        return drawn.clip(-_FARTHEST, _FARTHEST)


@dataclass(frozen=True)
class Sampling:
    """How the draws were made.

    `sampler` by name; `draws` kept of each chain after `tune` steps of NUTS; `cores`: chains that ran at the same
    time; `target_accept`: the acceptance probability that the step size was tuned to; `seconds` from model to last
    draw, without compilation. Importance sampling has no tuning (0) and no step size (None). `centred`: labels of the
    random terms whose effects were sampled themselves; of the others the effects divided by their sd were. One of
    every `thin` draws was kept.
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


@dataclass(frozen=True)
class SamplerSettings:
    """The settings of a sampler; they are made once and handed on whole.

    Each of `chains` gives `draws` after `tune` steps of NUTS, on `cores`, from `seed`. `tune` and `target_accept` are
    None for the route's defaults. `keep_effects`: whether the posterior holds the effects of the largest grouping
    factor; None: unless they are too many. `remedies`: whether NUTS on all parameters may be tried again. `progress`:
    whether a bar is shown, which tells the number of the `attempt` from the second on. `mass_matrix`: ``"diagonal"`` or
    nutpie's ``"low-rank"``, which adds directions learnt from the draws. `dispersed`: how far apart chains of NUTS
    start; None: as far as the posterior is wide.
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
    attempt: int = 1
    mass_matrix: str = "diagonal"
    dispersed: Dispersed | None = None

    @property
    def n_total(self) -> int:
        """Draws of all chains together."""
        return self.draws * self.chains

    def keeps(self, n_effects: int) -> bool:
        """Whether the posterior holds the `n_effects` effects of the largest grouping factor."""
        return n_effects * self.n_total <= MOST_KEPT if self.keep_effects is None else self.keep_effects

    def by_chain(self, values: Floats) -> Floats:
        """Draws (n_total, ...), chain after chain, in the shape (n_chains, n_draws, ...)."""
        return values.reshape(self.chains, self.draws, *values.shape[1:])

    def record(self, seconds: float, *, thin: int = 1, centred: tuple[str, ...] = ()) -> Sampling:
        """The record of a run with these settings that kept one of every `thin` draws."""
        by_importance = self.sampler == "importance"
        return Sampling(
            sampler=self.sampler,
            draws=self.draws // thin,
            tune=0 if by_importance else self.tune or 0,
            chains=self.chains,
            cores=self.cores,
            seed=self.seed,
            target_accept=None if by_importance else self.target_accept,
            seconds=max(seconds, 0.0),
            centred=centred,
            thin=thin,
        )
