"""`fit_loci`: one model at every locus, none lost."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from bayesmix.errors import ArgumentError, shown
from bayesmix.families.family import read_family
from bayesmix.formula.contrasts import Contrasts
from bayesmix.formula.model_arguments import check_functions
from bayesmix.hints import with_hints
from bayesmix.loci.arguments import checked_store, checked_workers, kept_loci, kept_parameters, require_importable
from bayesmix.loci.cluster import workers_of
from bayesmix.loci.engine.contrasts import Asked
from bayesmix.loci.engine.settings import LociSampler, LociSettings, checked_settings
from bayesmix.loci.plan import fit_planned, plan_loci
from bayesmix.loci.pooled import PooledPriors
from bayesmix.loci.record import Loci
from bayesmix.loci.store.pooled_of_store import checked_pooled
from bayesmix.modelling.arguments import check_weights
from bayesmix.priors.given import Given


@with_hints
def fit_loci(
    formula: str | Sequence[str],
    data: Any,
    family: str = "gaussian",
    *,
    by: str = "locus",
    store: str | os.PathLike[str] | None = None,
    priors: Given = None,
    pooled: PooledPriors | str | os.PathLike[str] | None = None,
    weights: str | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    codings: Contrasts | None = None,
    contrasts: Asked = None,
    places: Sequence[str] | None = None,
    sampler: LociSampler = "nuts",
    draws: int = 250,
    chains: int = 4,
    tune: int = 100,
    target_accept: float = 0.6,
    seed: int = 0,
    prob: float = 0.95,
    least_reads: int = 1,
    least_samples: int = 2,
    audit: float = 0.02,
    log_marginal: bool = False,
    keep: Collection[str] | bool = (),
    keep_parameters: Sequence[str] | None = None,
    workers: int | None = None,
    executor: Any = None,
    progress: bool = True,
) -> Loci:
    """Fit one model to every locus of a study: a methylome, an array, the genes of an experiment.

    Formula, design and priors are read once for each set of samples that is present. Every locus has a row with a
    status, whatever happens to it, and the row depends on the data of the locus, its name and the settings alone: not
    on the order, on the number of workers, or on how often the run was interrupted.

    Parameters
    ----------
    formula, family, priors, weights, functions
        The model, as `bm.fit` takes it. Default priors are those of `bm.fit` at each locus.
    pooled
        Priors that `bm.pooled_priors` estimated from many loci, for a second pass over these or others; or the store of
        a run that had some. They are kept in the store and printed with the results.
    data
        A long table with a row for each locus and sample (a frame, or the path of a CSV, TSV or Parquet file, which is
        read in pieces), or what `bm.read_methylation` or `bm.count_matrices` returned.
    by
        The column of a long table with the names of loci.
    store
        A folder for the results. Rows are added to it while the run goes on; a run that was interrupted in whatever way
        goes on where it stopped when it is called again, and a finished one is read. By default results last as long as
        the record that is returned.
    codings
        Codings of factors, as `contrasts` of `bm.fit`.
    contrasts
        Expressions of parameters of which every locus is asked: a text as `bm.hypothesis` takes it, several, or a
        mapping from labels to them or to weights of parameters.
    places
        Columns of a long table that are handed on to the results, by default ``chr``, ``pos`` and the like.
    sampler
        ``"nuts"``; ``"importance"``, which screens by few weighted values, with NUTS where the weights cannot be
        trusted and for a random share `audit` of the others; ``"fit"``, `bm.fit` as it is. Models without a quadrature
        (`docs/counts.md`) take the last.
    draws, chains, tune, target_accept, seed, prob
        Draws of each chain, chains, tuning steps, acceptance probability of NUTS, seed, and probability of intervals.
    least_reads, least_samples
        A locus with fewer reads, or fewer samples with reads, has the status ``low coverage`` and is not fitted.
    log_marginal
        Whether every locus has its log marginal likelihood.
    keep, keep_parameters
        The loci whose draws are kept (True: all), and the parameters and contrasts of which they are (None: all).
    workers
        Processes of one core each; by default as many as there are cores. With 1 all is done in this process, and a
        locus that kills its process kills this one.
    executor
        Who does the work instead of these processes: a client of a Dask cluster, the address of its scheduler, such as
        ``"tcp://10.0.0.5:8786"``, or an executor of `concurrent.futures` (`docs/loci_cluster.md`).
    progress
        Whether a bar is shown, or in a log a line for each tenth of a long run.

    Returns
    -------
    Loci
        `.table` has the rows, `.status` the number of loci of each status, `.draws` what was kept.

    Raises
    ------
    FormulaError, DataError, DesignError, FamilyError, PriorError, ArgumentError
        One line that says what is wrong with model or data, before any locus is fitted.
    OutputError
        The store is of another run, which is named, is being written by another process, or cannot be written.
    SamplingError
        Workers die whatever they are given, or a cluster was closed or lost all its workers; what was done is kept.

    Examples
    --------
    >>> counts = bm.load_data("methylation_simulated")
    >>> loci = bm.fit_loci("cbind(methylated, unmethylated) ~ treatment + (1 | tank)", counts, "binomial", workers=1)
    >>> list(loci.table["status"])
    ['ok', 'ok', 'ok', 'ok']
    """
    check_functions(functions)
    settings = checked_settings(
        LociSettings(
            sampler=sampler,
            draws=draws,
            chains=chains,
            tune=tune,
            target_accept=target_accept,
            seed=seed,
            prob=prob,
            least_reads=least_reads,
            least_samples=least_samples,
            audit=audit,
            log_marginal=log_marginal,
            keep=kept_loci(keep),
            kept=kept_parameters(keep_parameters),
        )
    )
    n_workers = checked_workers(workers)
    check_weights(weights, read_family(family))
    if not isinstance(progress, bool):
        raise ArgumentError(f"progress is True or False; got {shown(progress)}.")
    require_importable(functions, apart=n_workers > 1 or executor is not None)
    folder = None if store is None else checked_store(store)
    with workers_of(executor, progress=progress) as chosen:
        plan = plan_loci(
            formula,
            data,
            family,
            settings=settings,
            by=by,
            priors=priors,
            weights=weights,
            functions=functions,
            codings=codings,
            contrasts=contrasts,
            places=places,
            pooled=checked_pooled(pooled),
        )
        return fit_planned(plan, folder, workers=n_workers, executor=chosen, progress=progress)
