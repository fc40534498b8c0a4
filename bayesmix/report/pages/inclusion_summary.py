"""What `print(bm.inclusion(fit))` shows: the evidence for each random term, and how probable each model is."""

import numpy as np

from bayesmix.inference.shared.readable_table import InclusionTable
from bayesmix.report.pages.numbers import aligned, number
from bayesmix.report.pages.page import Block, Table, blocks_of
from bayesmix.report.pages.rand_summary import error, probability

_MOST_MODELS = 8  # shown, the most probable


@blocks_of.register
def _blocks(table: InclusionTable) -> tuple[Block, ...]:
    head = f"Inclusion Bayes factors of the random terms of {table.attrs.get('formula', 'the model')}"
    if not len(table):
        return (Block("", lines=(f"{head}: it has none.",)),)
    if not table["reliable"].all():
        return (Block("", lines=(head, f"No numbers: {table['reason'].iloc[0]}")),)
    cells = [
        [number(row["log10_bf"], 3), error(row["mcse"]), probability(row["probability"])] for _, row in table.iterrows()
    ]
    columns = [aligned(column) for column in list(zip(*cells, strict=True))[:2]]
    width = max(len(label) for label in table["label"])
    rows = [
        [str(term), bf, its_error, cell[2], row["label"].ljust(width)]
        for (term, row), bf, its_error, cell in zip(table.iterrows(), *columns, cells, strict=True)
    ]
    found = [
        Block("", lines=(head,)),
        Block("", table=Table(["term", "log10 BF", "error", "P(term)", ""], rows, labels=1)),
    ]
    models, shares = table.attrs.get("models", []), np.array(table.attrs.get("shares", []))
    order = np.argsort(-shares, kind="stable")[:_MOST_MODELS]
    lines = [[models[place], probability(shares[place])] for place in order]
    if lines:
        left = len(models) - len(lines)
        heading = f"Models, all {len(models)} equally probable before" + (
            f"; {left} less probable ones left out" if left else ""
        )
        found.append(Block(heading, table=Table(["", ""], lines, labels=1)))
    return tuple(found)
