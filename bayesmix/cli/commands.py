"""The commands `bayesmix fit FORMULA DATA`, `bayesmix run CARD`, `bayesmix loci CARD` and `bayesmix data [NAME]`."""

import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from bayesmix.cli.printing import INCOMPLETE, Ending, note, print_fields, print_table, print_written
from bayesmix.data.catalogue import catalogue, datasets, describe
from bayesmix.errors import ArgumentError
from bayesmix.report.analysis.card import Card, ModelPart, QuestionsPart, ReportPart, SamplerPart, data_part
from bayesmix.report.analysis.results_folder import results_path
from bayesmix.visible import visible

# The parameter may hold equals signs and calls, the distribution's arguments an equals sign each but no call.
_PRIOR = re.compile(r"(.+)=(\s*[A-Za-z_]\w*\s*\([^()]*\)\s*)", re.DOTALL)

Formula = Annotated[
    str, typer.Argument(help='As in lme4, in quotes: "y ~ x + (x | g)".', show_default=False, metavar="FORMULA")
]
Data = Annotated[
    str,
    typer.Argument(
        help="A file (.csv, .tsv, .txt, .xlsx, .parquet, .feather, .arrow, .rds, .RData), or a set that `bayesmix "
        "data` lists.",
        metavar="DATA",
    ),
]
Auxiliary = Annotated[
    list[str] | None,
    typer.Option(
        help='A formula of a further parameter of the family, "sigma ~ x + (1 | g)"; may be given several times.',
        metavar="FORMULA",
    ),
]
PriorTexts = Annotated[
    list[str] | None, typer.Option(help='"sd_Subject__Days=HalfNormal(20)"; may be given several times.')
]
MissingMarks = Annotated[
    list[str] | None,
    typer.Option(help='What stands for a missing value in the file, "-" or "."; may be given several times.'),
]
Folder = Annotated[
    Path | None, typer.Option(help="Folder of results; without it the summary is printed and nothing written.")
]


def fit(
    formula: Formula,
    data: Data,
    family: Annotated[str, typer.Option(help='Such as "binomial", or with a link "binomial(probit)".')] = "gaussian",
    auxiliary: Auxiliary = None,
    prior: PriorTexts = None,
    weights: Annotated[str | None, typer.Option(help="The column of weights.", metavar="COLUMN")] = None,
    na: Annotated[str, typer.Option(help='Rows with missing values: "drop" or "error".')] = "drop",
    na_values: MissingMarks = None,
    sep: Annotated[str | None, typer.Option(help='Between two fields of the file: ";", or "\\t" for a tab.')] = None,
    decimal: Annotated[str | None, typer.Option(help='The decimal mark of the file, "." or ",".')] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the file, such as latin-1 or cp1252.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook.")] = None,
    object: Annotated[str | None, typer.Option("--object", help="The data frame in an .RData file.")] = None,
    draws: Annotated[int | None, typer.Option(help="Draws kept of each chain (1000 unless given).")] = None,
    tune: Annotated[int | None, typer.Option(help="Tuning steps of NUTS, each chain (1000; exact path 200).")] = None,
    chains: Annotated[int | None, typer.Option(help="Number of chains (4 unless given).")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same draws.")] = None,
    target_accept: Annotated[float | None, typer.Option(help="Acceptance of NUTS (0.9 unless given).")] = None,
    method: Annotated[str | None, typer.Option(help='"auto", "exact", "quadrature" or "joint".')] = None,
    sampler: Annotated[str | None, typer.Option(help='"auto", "importance", "nutpie", "pymc" or "numpyro".')] = None,
    prob: Annotated[float, typer.Option(help="Probability of the intervals.")] = 0.95,
    out: Folder = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")] = False,
) -> None:
    """Fit one model and print its summary; with --out leave a folder of results as well."""
    card = Card(
        name=results_path(out).resolve().name if out else "fit",
        data=data_part(
            data,
            na=na,
            weights=weights,
            sep=sep.replace("\\t", "\t") if sep else sep,
            decimal=decimal,
            encoding=encoding,
            na_values=tuple(na_values) if na_values else None,
            sheet=sheet,
            object=object,
        ),
        model=ModelPart(formula, family, tuple(auxiliary) if auxiliary else None),
        priors=_priors(prior or []),
        sampler=SamplerPart(
            name=sampler,
            draws=draws,
            tune=tune,
            chains=chains,
            seed=seed,
            target_accept=target_accept,
            method=method,
        ),
        report=ReportPart(probability=prob),
        questions=QuestionsPart(audit=False),
    )
    from bayesmix.report.analysis.analysis import analyse, analysis_text, run_card
    from bayesmix.report.analysis.card_plan import plan_card

    tell = (lambda _: None) if quiet else note
    if out is None:
        print(analysis_text(analyse(plan_card(card), progress=not quiet, note=tell)))
        return
    written = run_card(card, out, progress=not quiet, command=["bayesmix", *sys.argv[1:]], note=tell)
    print_written(written, quiet=quiet)
    if written.failures:
        raise typer.Exit(INCOMPLETE)


def _priors(texts: list[str]) -> dict[str, str]:
    priors: dict[str, str] = {}
    for text in texts:
        split = _PRIOR.fullmatch(text)
        before, after = split.groups() if split else text.partition("=")[::2]
        parameter, prior = before.strip(), after.strip()
        if not (parameter and prior) or parameter.count("(") != parameter.count(")"):
            raise ArgumentError(
                f'--prior {text!r} does not say which parameter it is for; write "sd_Subject__Days=HalfNormal(20)".'
            )
        if parameter in priors:
            raise ArgumentError(f"--prior is given twice for {parameter!r}: {priors[parameter]} and {prior}.")
        priors[parameter] = prior
    return priors


def data(
    name: Annotated[str | None, typer.Argument(help="One set: its columns, units, source.", metavar="[NAME]")] = None,
) -> None:
    """List the bundled data sets, or describe one."""
    if name is None:
        print_table(datasets()[["name", "rows", "title", "formula", "family"]], wrap=("title", "formula"))
        return
    columns = describe(name)
    data_set = catalogue()[name]
    family = "" if data_set.family == "gaussian" else f" --family {data_set.family}"
    print_fields(
        {
            data_set.name: data_set.title,
            "rows": str(data_set.rows),
            "source": data_set.source + (f" doi:{data_set.doi}" if data_set.doi else ""),
            "licence": data_set.licence,
            "note": data_set.note,
            "example": f"bayesmix fit {shlex.quote(data_set.formula)} {data_set.name}{family}",
        }
    )
    print()
    print_table(columns, wrap=("meaning", "levels"))


def run(
    card: Annotated[Path, typer.Argument(help="An analysis card, such as models/sleepstudy.toml.", metavar="CARD")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results (results/NAME-OF-CARD unless given).", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the card's seed.", min=0, show_default=False)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the folder of the results.")] = False,
) -> None:
    """Do the whole analysis of a card: data, fit, printed summary, and a folder with tables and pictures.

    The fit is audited by NUTS from dispersed starts, unless the card says audit = false; Ctrl-C ends the audit alone.
    """
    from bayesmix.report.analysis.analysis import run_card

    written = run_card(
        card,
        out,
        seed=seed,
        progress=not quiet,
        command=["bayesmix", *sys.argv[1:]],
        show=(lambda _: None) if quiet else print,
        note=(lambda _: None) if quiet else note,
    )
    print_written(written, quiet=quiet)
    if written.failures:
        raise typer.Exit(INCOMPLETE)


def loci(
    context: typer.Context,
    card: Annotated[
        Path, typer.Argument(help="A card of a study, such as models/methylation_loci.toml.", metavar="CARD")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the results (the card's store, or results/NAME-OF-CARD).", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the card's seed.", min=0, show_default=False)] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes of one core each (all cores unless given).", show_default=False)
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="A Dask cluster in their place: the address of its scheduler.", metavar="ADDRESS", show_default=False
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the folder of the results.")] = False,
) -> None:
    """Fit one model to every locus of a study: a row for each, a report, and what differs at a false discovery rate.

    Stopped in whatever way, the same command goes on where it was; when all loci are done it writes the report alone.
    """
    from bayesmix.study.card import read_study
    from bayesmix.study.run import folder_of, run_study

    study = read_study(card)
    if isinstance(context.obj, Ending):
        context.obj.kept = (
            f"what was done is kept in {visible(str(folder_of(study, out)))}, and the same command goes on with it"
        )
    written = run_study(
        study,
        out,
        seed=seed,
        workers=workers,
        cluster=cluster,
        progress=not quiet,
        command=["bayesmix", *sys.argv[1:]],
        show=(lambda _: None) if quiet else print,
        note=(lambda _: None) if quiet else note,
    )
    print_written(written, quiet=quiet)
    if written.failures:
        raise typer.Exit(INCOMPLETE)
