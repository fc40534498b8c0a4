"""Posterior means and sds against brms, within Monte Carlo error of both (six seeds of brms)."""

import arviz_stats
import numpy as np
import pandas as pd
import pytest

from bayesmix.data import load_data
from bayesmix.modelling.fit import fit

pytestmark = pytest.mark.slow

# Where brms has a flat prior on a coefficient, a Normal 100 times wider than the estimate stands for it.
MODELS = {
    "sleepstudy": {
        "formula": "Reaction ~ Days + (Days | Subject)",
        "priors": {
            "Intercept": "StudentT(3, 288.7, 59.3)",
            "Days": "Normal(0, 1045)",
            "sd_Subject__Intercept": "HalfStudentT(3, 59.3)",
            "sd_Subject__Days": "HalfStudentT(3, 59.3)",
            "corr_Subject": "LKJ(1)",
            "sigma": "HalfStudentT(3, 59.3)",
        },
        "names": {
            "b_Intercept": "Intercept",
            "b_Days": "Days",
            "sd_Subject__Intercept": "sd_Subject__Intercept",
            "sd_Subject__Days": "sd_Subject__Days",
            "cor_Subject__Intercept__Days": ("corr_Subject", "Intercept,Days"),
            "sigma": "sigma",
        },
    },
    "cbpp": {
        "formula": "incidence | trials(size) ~ period + (1 | herd)",
        "family": "binomial",
        "priors": {
            "Intercept": "StudentT(3, 0, 2.5)",
            "period[2]": "Normal(0, 100)",
            "period[3]": "Normal(0, 113)",
            "period[4]": "Normal(0, 162)",
            "sd_herd__Intercept": "HalfStudentT(3, 2.5)",
        },
        "names": {
            "b_Intercept": "Intercept",
            "b_period2": ("period", "2"),
            "b_period3": ("period", "3"),
            "b_period4": ("period", "4"),
            "sd_herd__Intercept": "sd_herd__Intercept",
        },
    },
    "Penicillin": {
        "formula": "diameter ~ 1 + (1 | plate) + (1 | sample)",
        "priors": {
            "Intercept": "StudentT(3, 23, 2.5)",
            "sd_plate__Intercept": "HalfStudentT(3, 2.5)",
            "sd_sample__Intercept": "HalfStudentT(3, 2.5)",
            "sigma": "HalfStudentT(3, 2.5)",
        },
        "names": {
            "b_Intercept": "Intercept",
            "sd_plate__Intercept": "sd_plate__Intercept",
            "sd_sample__Intercept": "sd_sample__Intercept",
            "sigma": "sigma",
        },
    },
}


def over_seeds(runs: list[dict]) -> pd.DataFrame:
    """Mean and sd over the seeds with their Monte Carlo errors, by parameter."""
    rows = pd.concat([pd.DataFrame(run["fixed_and_variance"]) for run in runs])
    grouped = rows.groupby("variable")
    total_ess = grouped["ess_bulk"].sum()
    sd = grouped["sd"].mean()
    # The error of a sd by its spread over the seeds; no less than that of a normal sample of the same size.
    sd_error = np.maximum(grouped["sd"].std() / np.sqrt(len(runs)), sd / np.sqrt(2 * total_ess))
    return pd.DataFrame(
        {"mean": grouped["mean"].mean(), "mean_error": sd / np.sqrt(total_ess), "sd": sd, "sd_error": sd_error}
    )


@pytest.mark.parametrize("name", MODELS)
def test_posterior_is_that_of_brms(name, brms):
    model = MODELS[name]
    result = fit(
        model["formula"],
        load_data(name),
        model.get("family", "gaussian"),
        priors=model["priors"],
        draws=2500,
        seed=11,
        target_accept=0.95,
        progress=False,
    )
    assert {key: str(prior) for key, prior in result.priors.items()} == model["priors"]
    posterior = result.posterior["posterior"].to_dataset()
    reference = over_seeds(brms["fits"][name]["runs"])
    assert set(model["names"]) == set(reference.index)
    for variable, own in model["names"].items():
        if isinstance(own, tuple):
            draws = posterior[own[0]].sel({f"{own[0]}_dim": own[1]}).to_numpy()
        else:
            draws = posterior[own].to_numpy()
        theirs = reference.loc[variable]
        for what, estimate in (("mean", draws.mean()), ("sd", draws.std(ddof=1))):
            own_error = float(arviz_stats.mcse(draws, method=what))
            z = (estimate - theirs[what]) / np.hypot(own_error, theirs[f"{what}_error"])
            assert abs(z) < 4, f"{what} of {variable}: {estimate:.4f}, brms {theirs[what]:.4f}, z = {z:.1f}"
