"""Chains of NUTS of one locus."""

from bayesmix.arrays import Floats
from bayesmix.loci.engine.settings import LociSettings
from bayesmix.modelling.quadrature.integrated import IntegratedCounts
from bayesmix.modelling.samplers.nuts import run_chains
from bayesmix.modelling.samplers.progress import SamplingProgress
from bayesmix.modelling.settings import SamplerSettings
from bayesmix.numerics.mode import Mode

COARSE = 1.0
"""Distance of the nodes relative to the default."""


def chains_of_nuts(
    at: IntegratedCounts, mode: Mode, settings: LociSettings, seed: int, *, thin: int
) -> tuple[Floats, int]:
    """The last of every `thin` draws of theta (n_total, n), chain after chain, and the number of divergences."""
    plain = SamplerSettings(
        "nutpie",
        draws=settings.draws,
        chains=settings.chains,
        cores=1,
        seed=seed,
        tune=settings.tune,
        target_accept=settings.target_accept,
        progress=False,
    )
    with SamplingProgress(settings.chains, shown=False) as bar:
        theta, statistics = run_chains(at, mode, plain, bar, thin=thin)
    return theta, int(statistics["diverging"].sum())
