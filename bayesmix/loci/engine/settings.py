"""How loci are sampled, and what is told of them."""

from dataclasses import dataclass
from hashlib import blake2b
from numbers import Integral
from typing import Any, Literal, get_args

from bayesmix.errors import ArgumentError, did_you_mean, shown

type LociSampler = Literal["nuts", "importance", "fit"]
SAMPLERS: tuple[LociSampler, ...] = get_args(LociSampler.__value__)

_LARGEST_SEED = 2**32
_OF_AUDIT = 98  # in place of an attempt


@dataclass(frozen=True)
class LociSettings:
    """The settings of every locus.

    `sampler`: ``"nuts"``; ``"importance"``, which screens, with NUTS where its weights cannot be trusted; ``"fit"``,
    `bm.fit` as it is. Models that `bm.fit` integrates by no quadrature take ``"fit"`` whatever is asked for. Of each of
    `chains` there are `draws` after `tune` steps, towards `target_accept`. `prob` is that of the intervals. A locus
    with fewer reads than `least_reads`, or fewer samples with reads than `least_samples`, is not fitted. Of loci that
    are screened the share `audit` is fitted by NUTS as well. `log_marginal`: whether the log marginal likelihood is
    wanted. `keep`: the loci whose draws are kept, None for all; `kept`: the parameters and contrasts of which they are,
    None for all.
    """

    sampler: LociSampler = "nuts"
    draws: int = 250
    chains: int = 4
    tune: int = 100
    target_accept: float = 0.6
    seed: int = 0
    prob: float = 0.95
    least_reads: int = 1
    least_samples: int = 2
    audit: float = 0.02
    log_marginal: bool = False
    keep: frozenset[str] | None = frozenset()
    kept: tuple[str, ...] | None = None

    @property
    def n_draws(self) -> int:
        """Draws of all chains together."""
        return self.draws * self.chains

    def audits(self, locus: str) -> bool:
        """Whether a locus is one of the random share that is audited; the name decides."""
        return seed_of(self.seed, locus, _OF_AUDIT) < self.audit * _LARGEST_SEED

    def keeps(self, locus: str) -> bool:
        """Whether the draws of a locus are kept."""
        return self.keep is None or locus in self.keep


_LEAST = {
    "draws": 8,
    "chains": 1,
    "tune": 20,
    "seed": 0,
    "least_reads": 0,
    "least_samples": 0,
}


def checked_settings(settings: LociSettings) -> LociSettings:
    """The settings, if every one of them means something.

    Raises
    ------
    ArgumentError
        One line with the setting, its possible values and the given one.
    """
    if not isinstance(settings.sampler, str) or settings.sampler not in SAMPLERS:
        hint = did_you_mean(settings.sampler, SAMPLERS) if isinstance(settings.sampler, str) else ""
        raise ArgumentError(f"sampler={shown(settings.sampler)} is not known.{hint} Samplers: {', '.join(SAMPLERS)}.")
    for name, least in _LEAST.items():
        value = getattr(settings, name)
        if not _is_whole(value) or value < least:
            raise ArgumentError(f"{name} is a whole number of at least {least}; got {shown(value)}.")
    if settings.seed >= _LARGEST_SEED:
        raise ArgumentError(f"seed is a whole number from 0 to {_LARGEST_SEED - 1}; got {shown(settings.seed)}.")
    for name in ("target_accept", "prob"):
        value = getattr(settings, name)
        if not isinstance(value, int | float) or not 0 < value < 1:
            raise ArgumentError(f"{name} is a number between 0 and 1, such as 0.95; got {shown(value)}.")
    if not isinstance(settings.audit, int | float) or not 0 <= settings.audit <= 1:
        raise ArgumentError(f"audit is a share from 0 to 1, such as 0.02; got {shown(settings.audit)}.")
    return settings


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def seed_of(seed: int, locus: str, attempt: int = 1) -> int:
    """The seed of an attempt at a locus, which follows from the seed of all, the name and the attempt alone."""
    text = f"{seed}\x1f{attempt}\x1f{locus}"
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "little")
