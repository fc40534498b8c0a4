"""What `print` shows of a backward elimination: the turns of random and of fixed terms, and the model that is left."""

from bayesmix.inference.evidence.step import Elimination
from bayesmix.report.pages.frame_text import TitledFrame
from bayesmix.report.pages.page import Block, Part, blocks_of, wrapped

_WIDTH = 80


@blocks_of.register
def _elimination(record: Elimination) -> tuple[Part, ...]:
    head = (
        f"Backward elimination of {record.formula}",
        f"Random terms go where p > {record.alpha_random:g}, then fixed ones where p > {record.alpha_fixed:g}; "
        "eliminated 0: stays.",
    )
    caution = "Tests of the model that is left do not know of the search: their p values are too small."
    return (
        Block("", lines=tuple(line for text in head for line in wrapped(text, _WIDTH))),
        *(
            TitledFrame(f"{name} terms", table)
            for name, table in (("Random", record.random.drop(columns="aic")), ("Fixed", record.fixed))
            if len(table)
        ),
        Block("", lines=(f"Model that is left: {record.reduced}", *wrapped(caution, _WIDTH))),
    )
