"""What `print(bm.bayes_factor(...))` shows."""

from math import isfinite

from bayesmix.inference.evidence.bayes_factor import BayesFactor
from bayesmix.report.pages.numbers import number
from bayesmix.report.pages.page import Block, blocks_of
from bayesmix.report.pages.rand_summary import error, priors_by_line, probability


@blocks_of.register
def _blocks(found: BayesFactor) -> tuple[Block, ...]:
    lines = [f"{found.larger}", f"  against {found.smaller}"]
    if found.reason:
        return (Block("", lines=(*lines, f"No Bayes factor, by {found.method}: {found.reason}")),)
    lines += [
        f"log10 BF {number(found.log10_bf, 3)}, error {error(found.mcse)}, by {found.method}: {found.label}",
        f"Posterior probability of the first {probability(found.probability)} with prior odds 1:1",
    ]
    if isfinite(found.low):
        lines.append(
            f"log10 BF {number(found.low, 2)} to {number(found.high, 2)} with the prior scales multiplied by 0.1 to 10"
        )
    tested = priors_by_line(found.priors)
    if tested:
        lines += ["Priors of what is tested:", *(f"  {line}" for line in tested)]
    if found.note:
        lines.append(found.note)
    return (Block("", lines=tuple(lines)),)
