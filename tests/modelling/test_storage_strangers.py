"""A stranger's file whose digest fits: what is no fit gets one line, nothing else is read, nothing is executed.

Formula, family, priors and names of functions go through the whitelists that a user's own texts go through; the tests
of those are `test_priors.py`, `test_family_input.py` and those of the formula room.
"""

from contextlib import suppress

import h5py
import numpy as np
import pytest
import xarray as xr

import bayesmix as bm
from bayesmix.errors import StoredFitError
from bayesmix.modelling.storage.data_bytes import to_bytes

from .conftest import FILES, crafted, refusal, sealed


def with_draws(group, **variables):
    """A change that replaces variables of a group by what functions make of their values."""

    def change(tree, _about):
        dataset = tree[group].to_dataset()
        for name, make in variables.items():
            dataset[name] = (dataset[name].dims, make(dataset[name].to_numpy().copy()))
        tree[group] = xr.DataTree(dataset)

    return change


def with_entries(**entries):
    return lambda _tree, about: about.update(entries)


def with_sampling(**entries):
    return lambda _tree, about: about["sampling"].update(entries)


def without(*path):
    def change(_tree, about):
        for key in path[:-1]:
            about = about[key]
        del about[path[-1]]

    return change


def other_rows(tree, _about):
    rows = bm.load(FILES / "format2_gaussian_slopes.nc").data.assign(Days=lambda data: data["Days"] * 2)
    tree["data"] = xr.DataTree(xr.Dataset({"rows": ("byte", to_bytes(rows))}))


def rows_turned_round(tree, _about):
    rows = bm.load(FILES / "format2_gaussian_slopes.nc").data
    rows = rows.assign(Reaction=rows["Reaction"].to_numpy()[::-1])
    tree["data"] = xr.DataTree(xr.Dataset({"rows": ("byte", to_bytes(rows))}))


def fewer_draws(tree, _about):
    return tree.map_over_datasets(lambda group: group.isel(draw=slice(0, 11)) if "draw" in group.dims else group)


def first_nan(values):
    values[0, 0] = np.nan
    return values


NONSENSE = {
    "no number is a format": (with_entries(format="3"), "format is '3'"),
    "a format below 1": (with_entries(format=-5), "format is -5"),
    "a format of 0": (with_entries(format=0), "format is 0"),
    "no format": (without("format"), "format is None"),
    "true is no format": (with_entries(format=True), "format is True"),
    "null is no format": (with_entries(format=None), "format is None"),
    "a later format": (with_entries(format=99, version="9.1"), "format 99 of bayesmix 9.1"),
    "no formula": (without("formula"), "lacks 'formula'"),
    "a number as formula": (with_entries(formula=3), "'formula' = 3"),
    "a formula that is none": (with_entries(formula="Reaction ~ __import__('os')"), "make no model"),
    "a long formula": (with_entries(formula="y ~ " + "(" * 3000), "make no model"),
    "a long sum": (with_entries(formula="Reaction ~ " + " + ".join(["Days"] * 3000)), "formula"),
    "a deep formula": (with_entries(formula="Reaction ~ " + "-" * 3000 + "Days"), "formula"),
    "an unknown family": (with_entries(family="().__class__"), "make no model"),
    "a list as family": (with_entries(family=["gaussian"]), "'family'"),
    "no priors": (with_entries(priors={}), "no prior of Intercept, Days"),
    "a prior of nothing": (lambda _, about: about["priors"].update(x="Normal(0, 1)"), "make no model"),
    "a prior that is code": (lambda _, about: about["priors"].update(sigma="exit()"), "make no model"),
    "a prior that does not suit": (lambda _, about: about["priors"].update(sigma="LKJ(2)"), "make no model"),
    "priors in a list": (with_entries(priors=[1]), "'priors'"),
    "a column of weights that is not there": (with_entries(weights="w"), "make no model"),
    "an unknown method": (with_entries(method="auto"), "'method' = 'auto'"),
    "a missing count that is none": (with_entries(missing={"Days": -1}), "'missing'"),
    "an unknown entry": (with_entries(extra=1), "not known: 'extra'"),
    "no chains": (with_sampling(chains=0), "'chains' = 0"),
    "draws as a text": (with_sampling(draws="40"), "'draws' = '40'"),
    "more draws said than held": (with_sampling(draws=400), "2 chains of 400 draws, and 'posterior' has 40"),
    "fewer draws held than said": (fewer_draws, "2 chains of 40 draws, and 'posterior' has 11"),
    "a number of draws that no machine has": (with_sampling(draws=10**400), "'draws'"),
    "a time of 400 digits": (with_sampling(seconds=10**400), "'seconds'"),
    "a later format of no version": (with_entries(format=99, version=[[1]]), "format 99 of bayesmix unknown"),
    "an endless time": (with_sampling(seconds=float("inf")), "'seconds'"),
    "an unknown sampler": (with_sampling(sampler="guess"), "'sampler'"),
    "no design": (with_entries(design=None), "lacks 'design'"),
    "rows of another experiment": (other_rows, "do not give the design"),
    "responses of other rows": (rows_turned_round, "do not give the design"),
    "all draws NaN": (with_draws("posterior", Days=lambda v: v * np.nan), "no draw of 'Days' is finite"),
    "all draws infinite": (with_draws("posterior", sigma=lambda v: v + np.inf), "no draw of 'sigma' is finite"),
    "sigma below 0": (with_draws("posterior", sigma=lambda v: -v), "80 draws of 'sigma' lie beyond 0 to inf"),
    "a sd below 0": (with_draws("posterior", sd_Subject__Days=lambda v: v - 1e9), "'sd_Subject__Days' lie beyond 0"),
    "a correlation of 2": (with_draws("posterior", corr_Subject=lambda v: v * 0 + 2), r"'corr_Subject' lie beyond -1"),
    "effects NaN": (with_draws("posterior", **{"Days|Subject": lambda v: v * np.nan}), "no effect of"),
    "texts as draws": (with_draws("posterior", Days=lambda v: v.astype(str)), "'posterior' holds no numbers"),
    "no posterior": (lambda tree, _: tree.drop_nodes("posterior"), "no group posterior"),
    "no statistics": (lambda tree, _: tree.drop_nodes("sample_stats"), "no group sample_stats"),
    "no rows": (lambda tree, _: tree.drop_nodes("data"), "no rows of data"),
    "a parameter less": (
        lambda tree, _: tree.map_over_datasets(lambda group: group.drop_vars("sigma", errors="ignore")),
        "do not give the model",
    ),
}


# Of every three the first is fast.
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow if i % 3 else ()) for i, case in enumerate(NONSENSE)]
)
def test_nonsense_gets_one_line(case, whole, tmp_path):
    change, words = NONSENSE[case]
    path = crafted(whole, tmp_path / "fit.nc", change)
    message = refusal(path)
    assert words in message, message


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"format": ' + "9" * 5000 + "}", "null", "[1, 2]", "\ud800"])
def test_a_description_that_is_no_json_gets_one_line(text, whole, tmp_path):
    path = tmp_path / "fit.nc"
    path.write_bytes(whole["gaussian_slopes"])
    with h5py.File(path, "r+") as file:
        file.attrs["bayesmix"] = text.encode("utf-8", "surrogatepass")
    path.write_bytes(sealed(path.read_bytes()))
    refusal(path)


def test_one_draw_that_is_not_finite_is_the_samplers_affair(whole, tmp_path):
    fit = bm.load(crafted(whole, tmp_path / "fit.nc", with_draws("posterior", Days=first_nan)))
    assert np.isnan(fit.diagnostics.parameters.loc["Days", "rhat"])
    assert bm.save(fit, tmp_path / "again.nc").is_file()


@pytest.mark.parametrize(
    ("term", "is_refused"),
    [
        ("scale(Days, 2)", True),
        ("scale(Days, 0, 2)", True),
        ("scale(Days, center = 3)", True),
        ("scale(Days)", False),
        ("scale(Days, FALSE) + I(Days^2)", False),
        ("scale(Days, scale = FALSE)", False),
    ],
)
def test_numbers_of_scale_meant_something_else_in_format_2(term, is_refused, whole, tmp_path):
    def change(_tree, about):
        del about["design"]
        about.update(format=2, formula=f"Reaction ~ {term} + (Days | Subject)")

    message = refusal(crafted(whole, tmp_path / "fit.nc", change))
    assert ("took the numbers of scale() for true or false" in message) == is_refused


def test_weights_of_importance_sampling_are_looked_at(whole, tmp_path):
    for make in (lambda v: v * np.nan, lambda v: v + np.inf, lambda v: v - np.inf):
        change = with_draws("importance", log_weight=make)
        message = refusal(crafted(whole, tmp_path / "fit.nc", change, "binomial_counts"))
        assert "weights of importance sampling" in message


def test_the_record_of_attempts_is_looked_at(whole, tmp_path):
    for ladder in ("{", "3", '"a"', "[1]", '{"a": 1}', 7):

        def change(tree, _about, ladder=ladder):
            tree["sample_stats"].attrs["ladder"] = ladder

        refusal(crafted(whole, tmp_path / "fit.nc", change, "joint_sigma"))


def test_nothing_in_a_file_is_executed(whole, tmp_path):
    """Every text of the description at once is code that would leave a trace."""
    trace = tmp_path / "trace"
    code = f"__import__('os').system('touch {trace}')"
    for key in ("formula", "family", "weights", "method", "reason", "version"):
        path = crafted(whole, tmp_path / "fit.nc", with_entries(**{key: code}))
        with suppress(StoredFitError):
            str(bm.load(path))
    for name in ("sigma", code):
        refusal(crafted(whole, tmp_path / "fit.nc", lambda _, about, name=name: about["priors"].update({name: code})))
    assert not trace.exists()
