"""Group effects against a density written by hand: priors x LKJ x multivariate normal, with a numerical Jacobian."""

import numpy as np
import pymc as pm
import pytest
from scipy import integrate, stats
from scipy.special import betaln

from bayesmix.errors import PriorError
from bayesmix.formula.design import GroupTerm, TermColumns
from bayesmix.modelling.pymc_model.group_effects import add_group_term
from bayesmix.modelling.pymc_model.priors import to_pymc
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior
from bayesmix.priors.reading import read_prior

from ..in_python import IN_PYTHON

SD_PRIORS = ["HalfStudentT(3, 2)", "Gamma(2, 0.5)", "HalfNormal(1.5)", "LogNormal(0.2, 0.6)"]
SD_DENSITIES = [
    lambda x: np.log(2) + stats.t(3, 0, 2).logpdf(x),
    stats.gamma(2, scale=2).logpdf,
    stats.halfnorm(0, 1.5).logpdf,
    stats.lognorm(0.6, scale=np.exp(0.2)).logpdf,
]


def slopes(k: int, group: str = "g", n_levels: int = 3, seed: int = 0) -> GroupTerm:
    """`(1 + x1 + x2 + ... | g)` with k columns; the levels are unbalanced and out of order."""
    rng = np.random.default_rng(seed)
    index = np.concatenate([np.arange(n_levels)[::-1], rng.integers(0, n_levels, 5)])
    columns = np.column_stack([np.ones(len(index)), rng.normal(size=(len(index), k - 1))])
    labels = ["1", *(f"x{i}" for i in range(1, k))]
    names = ("Intercept", *labels[1:])
    terms = tuple(TermColumns(label, (i,), "numeric" if i else "intercept") for i, label in enumerate(labels))
    levels = tuple(f"level{i}" for i in range(n_levels))
    return GroupTerm(f"{' + '.join(labels)} | {group}", group, levels, index, columns, names, terms)


def factor(levels: int = 3) -> GroupTerm:
    """`(0 + f | g)` for a factor with levels a, b, ...: one variable along `f__expr_dim`."""
    index = np.repeat([0, 1], levels)
    names = tuple(f"f[{letter}]" for letter in "abcd"[:levels])
    owner = TermColumns("f", tuple(range(levels)), "factor", ("f",))
    return GroupTerm("0 + f | g", "g", ("u", "v"), index, np.tile(np.eye(levels), (2, 1)), names, (owner,))


def priors_of(term: GroupTerm, eta: float = 2.0) -> dict[str, Prior]:
    priors = {name: read_prior(text) for name, text in zip(layout.sd_names(term), SD_PRIORS, strict=False)}
    return priors | {"corr_g": Prior("LKJ", (eta,)), "corr_g.1": Prior("LKJ", (eta,))}


def build(term: GroupTerm, eta: float = 2.0, *, centred: bool = False) -> pm.Model:
    with pm.Model() as model:
        contribution = add_group_term(term, (term,), priors_of(term, eta), centred=centred)
        pm.Deterministic("contribution", contribution)
    return model


def log_lkj_constant(eta: float, k: int) -> float:
    """Lewandowski, Kurowicka & Joe (2009), equation 16: the integral of det(R)^(eta - 1) over all R."""
    rest = np.arange(k - 1, 0, -1)
    shape = eta + (rest - 1) / 2
    return float(np.sum((2 * eta - 2 + rest) * rest * np.log(2) + rest * betaln(shape, shape)))


@pytest.mark.parametrize(("k", "volume"), [(2, 2.0), (3, np.pi**2 / 2), (4, 32 * np.pi**2 / 27)])
def test_constant_is_the_volume_of_the_correlation_matrices(k, volume):
    assert np.exp(log_lkj_constant(1.0, k)) == pytest.approx(volume)


def test_constant_by_quadrature():
    """k = 3, eta = 2: the integral of det(R) over the matrices that are positive definite."""

    def det(c: float, b: float, a: float) -> float:
        return 1 + 2 * a * b * c - a * a - b * b - c * c

    def half_width(a: float, b: float) -> float:
        return np.sqrt((1 - a * a) * (1 - b * b))

    integral = integrate.tplquad(
        det, -1, 1, -1, 1, lambda a, b: a * b - half_width(a, b), lambda a, b: a * b + half_width(a, b)
    )[0]
    assert np.exp(log_lkj_constant(2.0, 3)) == pytest.approx(integral, rel=1e-6)


def split(values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard deviations (k,), R (k, k), effects (k, n_levels) from one vector."""
    n_pairs = k * (k - 1) // 2
    R = np.eye(k)
    R[np.tril_indices(k, -1)] = values[k : k + n_pairs]
    return values[:k], R + np.tril(R, -1).T, values[k + n_pairs :].reshape(k, -1)


def log_density_by_hand(values: np.ndarray, k: int, eta: float) -> float:
    sd, R, effects = split(values, k)
    total = sum(SD_DENSITIES[i](sd[i]) for i in range(k))
    if k > 1:
        total += (eta - 1) * np.log(np.linalg.det(R)) - log_lkj_constant(eta, k)
    covariance = np.diag(sd) @ R @ np.diag(sd)
    return float(total + stats.multivariate_normal(np.zeros(k), covariance).logpdf(effects.T).sum())


def log_jacobian(function, x: np.ndarray, step: float = 1e-5) -> float:
    columns = [(function(x + step * e) - function(x - step * e)) / (2 * step) for e in np.eye(len(x))]
    return float(np.linalg.slogdet(np.column_stack(columns))[1])


@pytest.mark.parametrize(
    ("k", "eta", "centred"),
    [(1, 2.0, False), (2, 2.0, False), (2, 0.8, False), (3, 2.0, False), (4, 1.5, False),
     (1, 2.0, True), (3, 2.0, True)],
)  # fmt: skip
def test_log_density_equals_the_one_by_hand(k, eta, centred):
    term = slopes(k)
    model = build(term, eta, centred=centred)
    wanted = [model[name] for name in layout.sd_names(term)]
    wanted += [model["corr_g"]] if k > 1 else []
    wanted += [model[layout.group_variable(owner, term)] for owner in term.terms]
    natural = model.compile_fn(model.replace_rvs_by_values(wanted), inputs=model.value_vars, mode=IN_PYTHON)
    log_density = model.compile_logp(mode=IN_PYTHON)
    start = model.initial_point()
    shapes = {name: np.shape(value) for name, value in start.items()}
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])

    def point(x: np.ndarray) -> dict[str, np.ndarray]:
        pieces = np.split(x, ends[:-1])
        return {name: piece.reshape(shape) for piece, (name, shape) in zip(pieces, shapes.items(), strict=True)}

    def constrained(x: np.ndarray) -> np.ndarray:
        return np.concatenate([np.ravel(value) for value in natural(point(x))])

    rng = np.random.default_rng(k)
    for _ in range(3):
        x = rng.normal(scale=0.7, size=ends[-1])
        expected = log_density_by_hand(constrained(x), k, eta) + log_jacobian(constrained, x)
        # Central differences are good to about 1e-9 of each derivative.
        assert float(log_density(point(x))) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("k", "eta"), [(2, 2.0), (3, 0.8), (4, 2.0)])
def test_prior_predictive_correlations_have_the_lkj_margin(k, eta):
    model = build(slopes(k), eta)
    draws = pm.draw(model["corr_g"], draws=4000, random_seed=11, mode=IN_PYTHON)
    shape = eta - 1 + k / 2
    margin = stats.beta(shape, shape, loc=-1, scale=2)
    assert draws.shape == (4000, k * (k - 1) // 2)
    for correlation in draws.T:
        assert stats.kstest(correlation, margin.cdf).pvalue > 0.001


def test_effects_have_the_covariance_that_sd_and_correlation_say():
    """Scaled by sd and whitened by R of the same draw, prior effects are standard normal."""
    term = slopes(3)
    model = build(term)
    names = [*layout.sd_names(term), "corr_g", "1|g", "x1|g", "x2|g"]
    drawn = pm.draw([model[name] for name in names], draws=2000, random_seed=4, mode=IN_PYTHON)
    white = []
    for *sd, correlations, intercept, first, second in zip(*drawn, strict=True):
        _, R, _ = split(np.concatenate([np.ones(3), correlations, np.zeros(3)]), 3)
        white.append(np.linalg.solve(np.linalg.cholesky(R), np.stack([intercept, first, second]) / np.c_[sd]))
    flat = np.concatenate(white, axis=1)
    assert stats.kstest(flat.ravel(), stats.norm.cdf).pvalue > 0.001
    np.testing.assert_allclose(np.corrcoef(flat), np.eye(3), atol=4 / np.sqrt(flat.shape[1]))


@pytest.mark.parametrize("term", [slopes(1), slopes(4), factor(3)], ids=lambda term: term.label)
@pytest.mark.parametrize("centred", [False, True])
def test_contribution_is_the_dense_product(term, centred):
    model = build(term, centred=centred)
    variables = [model[layout.group_variable(owner, term)] for owner in term.terms]
    *effects, contribution = pm.draw([*variables, model["contribution"]], random_seed=3, mode=IN_PYTHON)
    b = np.concatenate([effect.reshape(-1, term.n_levels) for effect in effects])
    Z = np.zeros((len(term.index), term.n_levels, term.k))
    Z[np.arange(len(term.index)), term.index] = term.columns
    np.testing.assert_allclose(contribution, Z.reshape(len(Z), -1) @ b.T.ravel(), rtol=1e-12)


def test_names_dims_and_coords_are_bambis():
    model = build(slopes(2))
    assert {v.name for v in model.free_RVs} == {"sd_g__Intercept", "sd_g__x1", "corr_g_partial", "1|g_offset"}
    assert model.named_vars_to_dims["x1|g"] == ("g__factor_dim",)
    assert model.named_vars_to_dims["corr_g"] == ("corr_g_dim",)
    assert tuple(model.coords["g__factor_dim"]) == ("level0", "level1", "level2")
    assert tuple(model.coords["corr_g_dim"]) == ("Intercept,x1",)
    of_factor = build(factor(3))
    assert of_factor.named_vars_to_dims["f|g"] == ("f__expr_dim", "g__factor_dim")
    assert tuple(of_factor.coords["f__expr_dim"]) == ("a", "b", "c")
    assert tuple(of_factor.coords["corr_g_dim"]) == ("f[a],f[b]", "f[a],f[c]", "f[b],f[c]")
    # A variable without dims would be dropped by Bambi's predict.
    scalars = {"sd_g__f[a]", "sd_g__f[b]", "sd_g__f[c]", "contribution"}
    assert set(of_factor.named_vars) - set(of_factor.named_vars_to_dims) == scalars


def test_interaction_with_a_factor_keeps_the_names_of_its_columns():
    plain = factor(2)
    owner = TermColumns("x:f", (0, 1), "factor", ("f",))
    term = GroupTerm("0 + x:f | g", "g", plain.levels, plain.index, plain.columns, ("x:f[a]", "x:f[b]"), (owner,))
    assert tuple(build(term).coords["x:f__expr_dim"]) == ("x:f[a]", "x:f[b]")


def test_one_column_has_no_correlation():
    model = build(slopes(1))
    assert set(model.named_vars) == {"sd_g__Intercept", "1|g_offset", "1|g", "contribution"}


def test_two_correlated_terms_of_one_group():
    first, second = slopes(2), factor(2)
    second = GroupTerm("0 + f | g", "g", first.levels, first.index, first.columns, second.names, second.terms)
    with pm.Model() as model:
        for term in (first, second):
            add_group_term(term, (first, second), priors_of(first) | priors_of(second))
    assert {"corr_g", "corr_g.1", "1|g", "x1|g", "f|g"} <= set(model.named_vars)


OTHER_PRIORS = ["Normal(1, 2)", "StudentT(3, 1, 2)", "Cauchy(1, 2)", "Laplace(1, 2)", "HalfCauchy(2)", "Exponential(2)",
                "InverseGamma(3, 2)", "InverseHalfNormal(2)", "Uniform(0, 4)"]  # fmt: skip


@pytest.mark.parametrize("text", SD_PRIORS + OTHER_PRIORS)
def test_pymc_has_the_same_density(text):
    reference = {
        "Normal": stats.norm(1, 2), "StudentT": stats.t(3, 1, 2), "Cauchy": stats.cauchy(1, 2),
        "Laplace": stats.laplace(1, 2), "HalfCauchy": stats.halfcauchy(0, 2), "Exponential": stats.expon(0, 0.5),
        "InverseGamma": stats.invgamma(3, scale=2), "Uniform": stats.uniform(0, 4),
        "InverseHalfNormal": stats.gengamma(0.5, -2.0, scale=np.sqrt(2)),
    }  # fmt: skip
    prior = read_prior(text)
    expected = dict(zip(SD_PRIORS, SD_DENSITIES, strict=True)).get(text) or reference[prior.name].logpdf
    with pm.Model():
        variable = to_pymc(prior, "x")
    assert float(pm.logp(variable, 1.3).eval()) == pytest.approx(float(expected(1.3)), rel=1e-6)


def test_lkj_is_no_prior_of_a_single_number():
    with pm.Model(), pytest.raises(PriorError, match="correlations of a group term only"):
        to_pymc(read_prior("LKJ(2)"), "corr_g")
