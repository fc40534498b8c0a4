"""`bayesmix data [NAME]`."""

import shlex
from typing import Annotated

import typer

from bayesmix.cli.printing import print_fields, print_table
from bayesmix.data.catalogue import catalogue, datasets, describe


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
