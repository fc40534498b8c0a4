"""The command `bayesmix`, and how its errors end: one line, no traceback."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer
from typer.exceptions import TyperException

from bayesmix.cli.commands import data, fit, loci, run
from bayesmix.cli.printing import Ending, print_error
from bayesmix.errors import BayesmixError, EndedError, one_line
from bayesmix.hints import no_option
from bayesmix.report.analysis.session import version_of

BAD_INPUT, INTERRUPTED = 2, 130
_ENDING = ("SIGTERM", "SIGHUP")

app = typer.Typer(
    name="bayesmix",
    help="Bayesian mixed models with lme4's formulas.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Begin with: bayesmix fit "Reaction ~ Days + (Days | Subject)" sleepstudy',
)
for command in (run, fit, loci, data):
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
        The exit code: 0 for success, 1 if a part of the results such as a picture is missing, 2 for input that was
        refused, 130 after an interrupt, 143 if the system asked to end (SIGTERM), 129 if the terminal was closed
        (SIGHUP).
    """
    # Pictures go to files, and a matplotlib that wants a screen fails on machines without one.
    os.environ.setdefault("MPLBACKEND", "agg")
    received: list[int] = []
    ending = Ending()
    with _ending_as_interrupts(received):
        try:
            asked = None if arguments is None else list(arguments)
            code = app(asked, prog_name="bayesmix", standalone_mode=False, obj=ending)
        except BayesmixError as error:
            return _refuse(" ".join([str(error), *getattr(error, "__notes__", ())]))
        except TyperException as error:
            return _refuse(_usage(error))
        except KeyboardInterrupt:  # while Typer does not handle it
            code = INTERRUPTED
    # Typer turns an interrupt into this code.
    if code == INTERRUPTED:
        print(f"{'Ended' if received else 'Interrupted'}; {ending.kept}.", file=sys.stderr)
        return 128 + received[0] if received else INTERRUPTED
    return code or 0


@contextmanager
def _ending_as_interrupts(received: list[int]) -> Iterator[None]:
    """Let a signal that asks to end stop the work as Ctrl-C does, and add it to `received`."""

    def interrupt(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise EndedError

    changed = []
    if threading.current_thread() is threading.main_thread():
        for name in _ENDING:
            # Windows has no SIGHUP. A signal that is ignored, as by nohup, or handled stays so.
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                changed.append(number)
                signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _refuse(message: str) -> int:
    if message:
        print_error(message)
    return BAD_INPUT


def _usage(error: TyperException) -> str:
    """One line for a misuse of the command line, which refers to its help; an empty text after the help itself."""
    message = one_line(error.format_message())
    if not message:
        return ""
    context = getattr(error, "ctx", None)
    option = getattr(error, "option_name", "").lstrip("-")
    said = (
        no_option(
            option,
            [str(one.name) for one in context.command.params if one.param_type_name == "option"],
            command=str(context.info_name),
        )
        if context and option
        else None
    )
    if said:
        message = f"No such option: --{option}: {said}."
    command = context.command_path if context else "bayesmix"
    if "unexpected extra argument" in message and context is not None and context.info_name == "fit":
        message = f"{message.rstrip('.')}. Put the formula in quotes, as in 'y ~ x + (1 | g)'."
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} See: {command} --help"
