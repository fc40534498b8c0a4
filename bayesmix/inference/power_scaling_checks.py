"""Notes on parameters whose posterior follows their prior."""

from collections.abc import Iterator

from bayesmix.inference.checks import NOTE, Finding
from bayesmix.inference.power_scaling import CONFLICT, LIMIT, sensitivity
from bayesmix.modelling.record import Fit

SENSITIVITY = "prior_sensitivity"


def prior_sensitive(fit: Fit) -> Iterator[Finding]:
    """Parameters that move when the priors are power-scaled; `value` is the sensitivity to the priors."""
    table = sensitivity(fit)
    flagged = table[table["verdict"] != ""].sort_values("prior", ascending=False, kind="stable")
    for name, row in flagged.iterrows():
        prior = f"the prior of {row['by']}, {fit.priors[row['by']]}"
        figures = f"power-scaling sensitivity to the priors {row['prior']:.2f}, to the data {row['likelihood']:.2f}"
        if row["verdict"] == CONFLICT:
            advice = (
                f"Prior and data both move {name} ({figures}): {prior}, weighs beside these data. Widen it (priors=) "
                "and see, or say why it holds."
            )
        else:
            advice = (
                f"The data say little of {name} ({figures}): its posterior follows {prior}. Report it with its prior, "
                "and over several."
            )
        yield Finding(SENSITIVITY, NOTE, str(name), float(row["prior"]), LIMIT, advice)
