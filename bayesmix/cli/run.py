"""`bayesmix run CARD`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bayesmix.cli.printing import INCOMPLETE, note, print_written


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
