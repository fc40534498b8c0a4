"""How records print. A record does not know its page, which is in a room above it.

`bayesmix.report.pages.every_page` finds the page of a record by its class; it loads when the first record is printed.
"""

from importlib import import_module
from typing import Any


class Printed:
    """A record that prints as its page, at a prompt and in a notebook."""

    def __repr__(self) -> str:
        return str(_page_of(self))

    def _repr_html_(self) -> str:
        return str(_page_of(self)._repr_html_())


def _page_of(record: Printed) -> Any:
    return import_module("bayesmix.report.pages.every_page").page_of(record)
