"""The posterior in one row."""

import numpy as np
import pandas as pd

from bayesmix.inference.draws import auxiliary, constant_parameters
from bayesmix.modelling.record import Fit


def glance(fit: Fit) -> pd.DataFrame:
    parameters, sampling = fit.diagnostics.parameters, fit.sampling
    row = {
        "nobs": fit.design.n_obs,
        "family": fit.family.name,
        "link": fit.family.link,
        "method": fit.method,
        "sampler": sampling.sampler,
        "chains": sampling.chains,
        "draws": sampling.draws,
        "tune": sampling.tune,
        "seed": sampling.seed,
        "sigma": float(auxiliary(fit, "sigma").mean()) if "sigma" in constant_parameters(fit) else np.nan,
        "n_divergent": fit.diagnostics.n_divergent,
        "max_rhat": parameters["rhat"].max(),
        "min_ess_bulk": parameters["ess_bulk"].min(),
        "min_ess_tail": parameters["ess_tail"].min(),
    }
    return pd.DataFrame([row])
