"""The clover trial: a fit by REML, a posterior, and variances of effects by dense matrices."""

import numpy as np
import pytest

import bayesmix as bm

MODEL = "biomass ~ year + (1 | year:rep) + (1 | entry) + (1 | entry:year)"


@pytest.fixture(scope="package")
def clover():
    return bm.load_data("clover_simulated")


@pytest.fixture(scope="package")
def by_reml(clover):
    return bm.reml(MODEL, clover)


@pytest.fixture(scope="package")
def posterior(clover):
    return bm.fit(MODEL, clover, seed=1)


def error_covariance(design, sds, sigma):
    """The covariance of the prediction errors of every term's effects: blocks of the inverse of Henderson's matrix."""
    X = design.fixed.matrix
    Z = [np.eye(term.n_levels)[term.index] for term in design.random]
    W = np.hstack([X, *Z])
    prior = np.concatenate(
        [np.zeros(X.shape[1]), *(np.full(z.shape[1], sd**-2.0) for z, sd in zip(Z, sds, strict=True))]
    )
    inverse = np.linalg.inv(W.T @ W / sigma**2 + np.diag(prior))
    ends = np.cumsum([X.shape[1], *(z.shape[1] for z in Z)])
    return {
        term.group: inverse[start:end, start:end]
        for term, start, end in zip(design.random, ends[:-1], ends[1:], strict=True)
    }


def mean_variance_of_differences(covariance):
    i, j = np.triu_indices(len(covariance), 1)
    return np.mean(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
