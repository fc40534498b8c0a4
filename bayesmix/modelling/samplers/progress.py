"""The progress bar: one line, in a terminal or a notebook, gone when sampling is done."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bayesmix.terminal import can_show


class SamplingProgress:
    """A context that shows how far the sampling of `chains` is.

    The bar appears only in a terminal or a notebook, and only if it is to be `shown`. It tells the number of the
    `attempt` from the second on.
    """

    def __init__(self, chains: int, *, shown: bool, attempt: int = 1):
        console = Console(stderr=True)
        self._chains, self._attempt = chains, attempt
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not (shown and can_show(console)),
        )
        self._task = self._bar.add_task("Compiling the model", total=None)

    def __enter__(self) -> "SamplingProgress":
        self._bar.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._bar.stop()

    def update(self, chains: Iterable[Any]) -> None:
        """Show how far each chain is, from nutpie's `ChainProgress` records."""
        chains = list(chains)
        divergences = sum(chain.divergences for chain in chains)
        description = f"Sampling {self._chains} chain{'s' * (self._chains > 1)}"
        if self._attempt > 1:
            description = f"Attempt {self._attempt}: {description[0].lower()}{description[1:]}"
        if divergences:
            description += f", {divergences} divergences"
        total = sum(chain.total_draws for chain in chains)
        self.show(description, total, sum(chain.finished_draws for chain in chains))

    def show(self, description: str, total: int, done: int) -> None:
        """Show what is being done, and how much of it is done."""
        self._bar.update(self._task, description=description, completed=done, total=total)
