"""The command `bayesmix`, and how its errors end: one line, no traceback."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from bayesmix.cli.data import data
from bayesmix.cli.fit import fit
from bayesmix.cli.run import run
from bayesmix.errors import BayesmixError
from bayesmix.report.session import version_of

BAD_INPUT, INTERRUPTED = 2, 130

app = typer.Typer(
    name="bayesmix",
    help="Bayesian mixed models with lme4's formulas.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Begin with: bayesmix fit "Reaction ~ Days + (Days | Subject)" sleepstudy',
)
for command in (run, fit, data):
    app.command()(command)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"bayesmix {version_of('bayesmix')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Bayesian mixed models with lme4's formulas."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        The exit code: 0, 2 for input that was refused, 130 when interrupted.
    """
    # Pictures go to files: a matplotlib that looks for a screen fails on machines without one.
    os.environ.setdefault("MPLBACKEND", "agg")
    try:
        code = app(None if arguments is None else list(arguments), prog_name="bayesmix", standalone_mode=False)
    except BayesmixError as error:
        return _refuse(str(error))
    except TyperException as error:
        return _refuse(_usage(error))
    # Typer turns an interrupt into this code.
    if code == INTERRUPTED:
        print("Interrupted; nothing was written.", file=sys.stderr)
    return code or 0


def _refuse(message: str) -> int:
    if message:
        print(f"bayesmix: {message}", file=sys.stderr)
    return BAD_INPUT


def _usage(error: TyperException) -> str:
    """One line for a misuse of the command line, with the place where its use is told; empty after the help itself."""
    message = error.format_message()
    if not message:
        return ""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "bayesmix"
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} See: {command} --help"
