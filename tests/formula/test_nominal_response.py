"""A response that is one of several categories: what it may be, how its predictors are called, what is refused."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.errors import BayesmixError, DataError
from bayesmix.families.family import read_family
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design

N = 24
MODES = np.array(["bus", "car", "train"])[np.arange(N) % 3]


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "mode": MODES,
            "x": rng.normal(size=N),
            "f": np.array(["u", "v"])[np.arange(N) // 3 % 2],
            "g": np.arange(N) // 4,
            "day": pd.date_range("2024-01-01", periods=N),
            "late": MODES == "bus",
            "code": np.arange(N) % 3 + 1,
            "each": [f"row {i}" for i in range(N)],
            "two": np.array(["no", "yes"])[np.arange(N) % 2],
            "one": "same",
            "ordered": pd.Categorical(MODES, ["train", "bus", "car"], ordered=True),
            "unused": pd.Categorical(MODES, ["bus", "bike", "car", "train", "walk"]),
            "signs": np.array(["+", "-", "0"])[np.arange(N) % 3],
            "alike": np.array(["a", "b c", "bc"])[np.arange(N) % 3],
            "words": np.array(["no", "don't know!", "42 %"])[np.arange(N) % 3],
        }
    )


def a_design(formulas, data):
    family = read_family("categorical")
    parsed = parse_formulas(formulas, auxiliary=family.modelled)
    return build_design(parsed.mean, data, response=family.response, parts=parsed.parts, auxiliary=family.auxiliary)


@pytest.mark.parametrize(
    ("response", "categories", "predictors"),
    [
        ("mode", ("bus", "car", "train"), ["mucar", "mutrain"]),
        ("ordered", ("train", "bus", "car"), ["mubus", "mucar"]),
        ('relevel(mode, ref = "car")', ("car", "bus", "train"), ["mubus", "mutrain"]),
        ("factor(code)", ("1", "2", "3"), ["mu2", "mu3"]),
        ("words", ("42 %", "don't know!", "no"), ["mudontknow", "muno"]),
    ],
)
def test_the_first_category_is_the_reference(response, categories, predictors, data):
    design = a_design(f"{response} ~ x + (1 | g)", data)
    assert design.response.categories == categories
    assert list(design.parts) == predictors
    texts = np.array(categories)[design.response.values.astype(int) - 1]
    column = "code" if "code" in response else next(name for name in ("words", "mode", "ordered") if name in response)
    assert texts.tolist() == data[column].astype(str).tolist()
    assert (design.fixed.names, design.random) == ((), ())


def test_every_predictor_has_the_formula_of_the_response_or_its_own(data):
    design = a_design(["mode ~ x + f + (x | g)", "mutrain ~ 1"], data)
    assert design.parts["mucar"].fixed.names == ("mucar_Intercept", "mucar_x", "mucar_f[v]")
    assert design.parts["mucar"].random[0].names == ("mucar_Intercept", "mucar_x")
    assert design.parts["mutrain"].fixed.names == ("mutrain_Intercept",)
    assert design.parts["mutrain"].random == ()
    assert [formula.text for formula in design.own_formulas.values()] == ["mutrain ~ 1"]
    assert design.written.text == "mode ~ x + f + (x | g)"


REFUSED = [
    ("late ~ x", 'is 0 or 1; two values are family="bernoulli"'),
    ("two ~ x", 'has 2 categories (no, yes), and family categorical is for 3 or more; two are family="bernoulli"'),
    ("one ~ x", "there is nothing to explain"),
    ("code ~ x", "is numbers (1, 2, 3); if they stand for categories, write data['code'] = data['code'].astype(str)"),
    ("x ~ f", "with 24 values, no categories; these are texts or a Categorical"),
    ("day ~ f", "with 24 values, no categories"),
    ("I(x + 1) ~ f", "is numbers; categories without an order are texts"),
    ("unused ~ x", "never is bike, walk in the 24 rows that are fitted; write data['unused'].cat.remove_categories"),
    ("signs ~ x", "The category '-' of signs has neither a letter nor a digit"),
    ("alike ~ x", "The categories 'b c' and 'bc' of alike would both have the predictor 'mubc'"),
    ("mode ~ 0", "neither coefficients nor random terms; write mode ~ 1"),
    ("mode ~ x + (1 | one)", "Group 'one' has 1 level"),
    ("mode ~ mode + x", "is a predictor too"),
    (["mode ~ x", "mucra ~ 1"], "'mucra' is no predictor of a category; those of mode are mucar, mutrain. Did you"),
    (["mode ~ x", "mubus ~ 1"], "'bus' is the reference, whose predictor is 0"),
    (["mode ~ x", "mucar ~ 0"], "In the formula of mucar: there are neither coefficients"),
    ("cbind(code, code) ~ x", "counts successes out of trials"),
]


@pytest.mark.parametrize(("formulas", "words"), REFUSED)
def test_refusals(formulas, words, data):
    with pytest.raises(BayesmixError) as caught:
        a_design(formulas, data)
    assert words in str(caught.value)


def test_too_many_categories_are_refused(data):
    large = pd.concat([data] * 3, ignore_index=True).assign(each=lambda rows: [f"row {i}" for i in range(len(rows))])
    with pytest.raises(DataError, match="has 72 categories, each of which has coefficients"):
        a_design("each ~ x", large)


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("multinomial", "with a row for each observation the category is 'categorical'"),
        ("softmax", "Nearest is 'categorical'"),
        ("categorical(refcat = 'b')", 'relevel(y, ref = "b")'),
        ("categorical(probit)", "Links of categorical: logit"),
    ],
)
def test_other_words_for_the_family(family, words):
    with pytest.raises(BayesmixError) as caught:
        read_family(family)
    assert words in str(caught.value)


@pytest.mark.parametrize("family", ["gaussian", "bernoulli", "cumulative"])
def test_other_families_point_to_it(family, data):
    with pytest.raises(DataError, match='family="categorical"'):
        build_design(parse_formulas("mode ~ x").mean, data, response=read_family(family).response)
