"""The fixed part with all levels of its factors coded."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.formula.every_level import every_level
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse

DATA = pd.DataFrame(
    {
        "y": np.arange(12.0),
        "a": list("ppqqrr") * 2,
        "b": ["u", "v"] * 6,
        "x": np.arange(12.0) ** 2,
        "h": [1, 2, 3, 1, 2, 2, 3, 3, 1, 2, 3, 1],
        "g": list("mnop") * 3,
    }
)


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ("1", [("Intercept", 1, set(), set())]),
        ("x", [("Intercept", 1, set(), set()), ("x", 1, set(), {"x"})]),
        ("a", [("Intercept", 1, set(), set()), ("a", 3, {"a"}, set())]),
        (
            "a * b",
            [
                ("Intercept", 1, set(), set()),
                ("a", 3, {"a"}, set()),
                ("b", 2, {"b"}, set()),
                ("a:b", 6, {"a", "b"}, set()),
            ],
        ),
        ("0 + a:poly(x, 2)", [("a:poly(x, 2)", 6, {"a"}, {"poly(x, 2)"})]),
        ("0 + a + a:x", [("a", 3, {"a"}, set()), ("a:x", 3, {"a"}, {"x"})]),
        (
            "factor(h) + b",
            [
                ("Intercept", 1, set(), set()),
                ("factor(h)", 3, {"factor(h)"}, set()),
                ("b", 2, {"b"}, set()),
            ],
        ),
    ],
)
def test_terms(fixed, expected):
    design = build_design(parse(f"y ~ {fixed} + (1 | g)"), DATA)
    terms = every_level(design)
    found = [(t.label, t.every_level.shape[1], set(t.factors), set(t.numbers)) for t in terms]
    assert found == expected
    for term, owner in zip(terms, design.fixed.terms, strict=True):
        assert term.columns == owner.columns
        # Every column of the design is one of them, to the last digit.
        for column in owner.columns:
            same = np.all(term.every_level == design.fixed.matrix[:, [column]], axis=0)
            assert same.sum() == 1


def test_levels_add_up_to_what_they_multiply():
    design = build_design(parse("y ~ a * b * x + (1 | g)"), DATA)
    by_label = {term.label: term.every_level for term in every_level(design)}
    assert np.all(by_label["a:b"].sum(axis=1) == 1)
    assert np.all(by_label["a:b:x"].sum(axis=1) == DATA["x"])
