"""`fit_many`: one Gaussian model at every column of a frame, with values of the variance parameters that all share."""

import os
from collections.abc import Collection
from typing import Any

from bayesmix.errors import ArgumentError, shown
from bayesmix.formula.frame import Frame
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import items_of
from bayesmix.loci.arguments import checked_store, checked_workers
from bayesmix.loci.coordinator import Coordinator
from bayesmix.loci.held_folder import HeldFolder
from bayesmix.loci.progress import LociProgress
from bayesmix.loci.responses.fit_block import fit_responses
from bayesmix.loci.responses.manifest import many_manifest
from bayesmix.loci.responses.model import many_model
from bayesmix.loci.responses.record import Many
from bayesmix.loci.responses.settings import ManySettings, checked_many
from bayesmix.loci.responses.source import read_responses
from bayesmix.loci.store.lock import sole_writer
from bayesmix.loci.store.store import Store
from bayesmix.loci.tasks import Rate
from bayesmix.priors.given import Given

_OF_TASK = 1000  # responses, so that products of matrices have many columns
_WORTH_PROCESSES = 2000  # responses: with fewer it takes longer to start processes


class _Steady(Rate):
    """Tasks of one size, whatever they take."""

    @property
    def size(self) -> int:
        return _OF_TASK


@with_hints
def fit_many(
    formula: str,
    Y: Any,
    design: Frame,
    *,
    store: str | os.PathLike[str] | None = None,
    priors: Given = None,
    bayes_factors: bool = True,
    shares: bool = True,
    draws: int = 1000,
    prob: float = 0.95,
    keep: Collection[str] | bool = (),
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> Many:
    """Fit one Gaussian mixed model to thousands of responses that were measured on the same samples.

    M values of a methylation array with ``(1 | chip)``, log expression with donor effects, many traits of one trial:
    only the response differs. Each value of the variance parameters is worked out once for all responses, which then
    weigh it, so that a response costs a millisecond.

    Parameters
    ----------
    formula
        The right side of a formula as `bm.fit` takes it, ``"~ treatment + (1 | donor) + (1 | batch)"``, with an
        intercept. A name before ``~`` is what the response is called; it need not be a column.
    Y
        The responses: a frame with a row for each sample and a column for each response, or an array of that shape. The
        index has the samples, in any order; without one the rows are in the order of `design`.
    design
        A row for each sample, with the columns of the formula.
    store
        A folder for the results. A run that was interrupted goes on when it is called again, and a finished one is
        read. By default results last as long as the record that is returned.
    priors
        Priors that replace the defaults of `bm.fit`, by parameter, all on the scale of a response of mean 0 and sd 1:
        ``{"sd_donor__Intercept": "HalfNormal(0.5)"}`` is half the sd of each response.
    bayes_factors, shares
        Whether every response has Bayes factors of its random terms, and shares of its variance.
    draws
        Draws of equal weight from which sds, correlations and shares are told.
    prob
        Probability of the intervals.
    keep
        The responses whose draws are kept (True: all).
    seed
        Starts the shared values.
    workers
        Processes of one core each; by default as many as there are cores, and one for fewer than 2,000 responses.
    progress
        Whether a bar is shown, or in a log a line for each tenth of a long run.

    Returns
    -------
    Many
        `.table` has a row for each response, `.status` the number of responses of each status, `.draws` what was kept.
        `docs/many_responses.md` has the columns. `bm.significant` controls false discoveries among them.

    Raises
    ------
    FormulaError, DataError, DesignError, PriorError, ArgumentError
        One line that says what is wrong with model or data, before any response is fitted.
    OutputError
        The store is of another run, which is named, is being written by another process, or cannot be written.

    Notes
    -----
    Every response is fitted on the scale where its mean is 0 and its sd is 1, so that the default priors of `bm.fit`,
    which are relative to the sd of the data, are the same for all; results are on its own scale again. Where the
    weights of a response have a Pareto k above 0.7, or fewer than 100 effective values, `bm.fit` fits it alone:
    `sampler` says ``"fit"``. Responses with values at the same samples share their work; so many patterns of missing
    values cost as much as single fits.

    References
    ----------
    Geweke (1989), doi:10.2307/1913710, for importance sampling; Vehtari et al. (2024), arXiv:1507.02646, for Pareto k;
    Hoffman & Schadt (2016), doi:10.1186/s12859-016-1323-z, for shares of the variance of many genes.

    Examples
    --------
    >>> sleep = bm.load_data("sleepstudy")
    >>> Y = sleep[["Reaction"]].assign(speed=1000 / sleep["Reaction"])
    >>> many = bm.fit_many("~ Days + (1 | Subject)", Y, sleep, seed=1, progress=False)
    >>> list(many.table["status"])
    ['ok', 'ok']
    """
    settings = checked_many(
        ManySettings(
            draws=draws, seed=seed, prob=prob, bayes_factors=bayes_factors, shares=shares, keep=_kept_responses(keep)
        )
    )
    asked = checked_workers(workers)
    if not isinstance(progress, bool):
        raise ArgumentError(f"progress is True or False; got {shown(progress)}.")
    folder = None if store is None else checked_store(store)
    source = read_responses(Y, design)
    model = many_model(formula, source, priors=priors, settings=settings)
    held = HeldFolder() if folder is None else None
    results = Store(held.path if held is not None else folder or checked_store(store))
    n_tasks = -(-source.n_loci // _OF_TASK)
    n_workers = 1 if workers is None and source.n_loci < _WORTH_PROCESSES else min(asked, max(2, n_tasks))
    with sole_writer(results.folder):
        results.begin(many_manifest(model, source.digest))
        done = sum(last - first for first, last in results.done())
        with LociProgress(source.n_loci, done, shown=progress, what="responses") as bar:
            Coordinator(
                source, model, fit_responses, results, workers=n_workers, advance=bar.advance, rate=_Steady()
            ).run()
    return Many(model, results.folder, source.report, held)


def _kept_responses(keep: Collection[str] | bool) -> frozenset[str] | None:
    if isinstance(keep, bool):
        return None if keep else frozenset()
    names = items_of(keep)
    if names is None:
        raise ArgumentError(f'keep has names of responses, such as ["cg01", "cg02"], or is True; got {shown(keep)}.')
    return frozenset(str(name) for name in names)
