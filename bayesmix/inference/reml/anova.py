"""Type III F tests of the fixed terms."""

import pandas as pd

from bayesmix import modelling
from bayesmix.modelling.reml_record import RemlFit


def anova(fit: RemlFit, *, ddf: str) -> pd.DataFrame:
    tests = modelling.reml_moments.term_tests(fit, ddf)
    # As lmerTest: the squares that give this F beside the residual's.
    rows = [
        (
            test.statistic * test.numerator * fit.sigma**2,
            test.statistic * fit.sigma**2,
            test.numerator,
            test.denominator,
            test.statistic,
            test.p_value,
        )
        for test in tests.values()
    ]
    table = pd.DataFrame(
        rows,
        columns=["sum_sq", "mean_sq", "num_df", "den_df", "f", "p"],
        index=pd.Index(list(tests), name="term", dtype=object),
    )
    return table.astype({name: int if name == "num_df" else float for name in table.columns})
