"""`locus`: one locus of many, with its data, its cells and its posterior."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.display import Printed
from bayesmix.errors import ArgumentError, BayesmixError, UnknownTermError, did_you_mean, shown
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.terms import ResponseSpec
from bayesmix.formula.variables import Variables
from bayesmix.hints import with_hints
from bayesmix.loci.block import LociBlock
from bayesmix.loci.engine.model import LociModel
from bayesmix.loci.engine.schema import FIGURES
from bayesmix.loci.inputs.chosen import ChosenLoci
from bayesmix.loci.record import Loci

_SAMPLING = ("sampler", "attempts", "divergences", "rhat", "ess_bulk", "ess_tail", "pareto_k", "audit_z")
_MOST_NAMES = 5000  # among which near matches are looked for


@dataclass(frozen=True, eq=False, repr=False)
class LocusResult(Printed):
    """One locus. `status` as the table of results has it; `place`: chromosome, position and the like.

    `data`: a row for each sample with what the model reads of it; of counts with the ``proportion``. `cells`: a row for
    each combination of the factors, with the ``samples`` in it, and their counts and ``proportion`` together, or their
    ``mean``. `posterior`: a row for each parameter and contrast, with ``mean sd lower median upper`` and ``p_below``,
    the share of draws below 0. `sampling`: how it was sampled, as the table of results has it.
    """

    locus: str
    status: str
    place: Mapping[str, Any]
    data: pd.DataFrame
    cells: pd.DataFrame
    posterior: pd.DataFrame
    sampling: Mapping[str, Any]
    prob: float


@with_hints
def locus(loci: Loci, name: str) -> LocusResult:
    """One locus with its data, its cells and its posterior, as a page that prints.

    Parameters
    ----------
    loci
        The results of `bm.fit_loci`.
    name
        The name of a locus.

    Returns
    -------
    LocusResult
        `.data`, `.cells` and `.posterior` are frames; a locus that was not fitted has an empty posterior.

    Raises
    ------
    UnknownTermError
        There is no such locus.

    Examples
    --------
    >>> counts = bm.load_data("methylation_simulated")
    >>> loci = bm.fit_loci("cbind(methylated, unmethylated) ~ treatment + (1 | tank)", counts, "binomial", workers=1)
    >>> bm.locus(loci, "145").cells[["treatment", "samples", "successes", "trials"]]
      treatment  samples  successes  trials
    0       ctl       12        170     284
    1       trt       12        218     310
    """
    if not isinstance(loci, Loci):
        raise ArgumentError(f"loci is what bm.fit_loci returned, which has the data; got {type(loci).__name__}.")
    (found,) = locus_results(loci, [name])
    return found


def locus_results(loci: Loci, names: Sequence[str]) -> list[LocusResult]:
    """Several loci in the order of `names`, in one pass through the data.

    Raises
    ------
    UnknownTermError
        One of them is not there.
    """
    rows = loci.table.set_index("locus", drop=False)
    for name in names:
        if not isinstance(name, str) or name not in rows.index:
            near = did_you_mean(name, rows.index) if isinstance(name, str) and len(rows) <= _MOST_NAMES else ""
            raise UnknownTermError(f"There is no locus {shown(name)} among the {len(rows):,}.{near}")
    found: dict[str, LocusResult] = {}
    for block in ChosenLoci(loci.source, frozenset(names)).blocks():
        for number, name in enumerate(block.names):
            found[name] = _result(loci.model, block, number, rows.loc[name])
    return [found[name] for name in names]


def _result(model: LociModel, block: LociBlock, number: int, row: pd.Series) -> LocusResult:
    rows = block.rows(number)
    data = model.sheet.iloc[block.samples[rows]].reset_index(drop=True)
    for name, values in block.columns.items():
        data[name] = pd.Series(values[rows]).infer_objects()
    spec = parse_formulas(model.formula, model.functions or (), auxiliary=read_family(model.family).modelled).mean
    counted = _counts(spec.response, spec.text, data, model.functions)
    factors = [factor.label for factor in model.factors if factor.label in model.sheet.columns]
    if counted is not None:
        data = data.assign(proportion=counted["successes"] / counted["trials"].replace(0, np.nan))
    return LocusResult(
        locus=block.names[number],
        status=str(row["status"]),
        place={name: row[name] for name, _ in model.places},
        data=data,
        cells=_cells(data, factors, counted, spec.response.text or next(iter(block.columns), "")),
        posterior=_posterior(model, row),
        sampling={name: row[name] for name in _SAMPLING if pd.notna(row[name])},
        prob=model.settings.prob,
    )


def _counts(spec: ResponseSpec, text: str, data: pd.DataFrame, functions: Any) -> pd.DataFrame | None:
    """Successes and trials of each row; None where the response has no trials, or cannot be read."""
    other = spec.failures if spec.failures is not None else spec.trials
    if other is None:
        return None
    variables = Variables(text, data, functions or {})
    try:
        successes, rest = (np.asarray(variables.evaluate(node), dtype=float) for node in (spec.values, other))
    except (BayesmixError, ValueError, TypeError):
        return None
    trials = rest if spec.trials is not None else successes + rest
    return pd.DataFrame({"successes": successes, "trials": trials})


def _cells(data: pd.DataFrame, factors: list[str], counted: pd.DataFrame | None, response: str) -> pd.DataFrame:
    """What there is in each combination of the factors."""
    groups: Any = [data[name] for name in factors] or [pd.Series("all", index=data.index, name="cell")]
    cells = pd.DataFrame({"samples": data.groupby(groups, observed=True).size()})
    if counted is not None:
        sums = counted.groupby(groups, observed=True).sum()
        whole = bool((sums == np.floor(sums)).all(axis=None))
        cells = cells.join(sums.astype(int) if whole else sums)
        cells["proportion"] = sums["successes"] / sums["trials"].replace(0, np.nan)
    elif response in data.columns and pd.api.types.is_numeric_dtype(data[response]):
        cells["mean"] = data[response].groupby(groups, observed=True).mean()
    return cells.reset_index()


def _posterior(model: LociModel, row: pd.Series) -> pd.DataFrame:
    names = [name for name in model.names if pd.notna(row[f"{name}_mean"])]
    told = [
        {figure: float(row[f"{name}_{figure}"]) for figure in FIGURES}
        | {"p_below": float(row.get(f"{name}_p_below", np.nan))}
        for name in names
    ]
    return pd.DataFrame(told, index=pd.Index(names, name="parameter"), columns=[*FIGURES, "p_below"])
