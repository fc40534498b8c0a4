"""Names and idioms of other packages: one line that names what is meant, and still the error that Python raises."""

import copy
import inspect
import pickle
import subprocess
import sys
from typing import get_args

import pytest

import bayesmix as bm
from bayesmix import hints
from bayesmix.errors import BayesmixError, did_you_mean
from bayesmix.families.family import read_family
from bayesmix.families.table import ALIASES, FAMILIES, FamilyText

KEYWORDS = (*hints.KEYWORDS.values(), *hints.QUESTIONS.values())
PUBLIC = {hints._normal(name) for name in bm.__all__}


@pytest.fixture(scope="module")
def fits() -> dict[str, object]:
    sleepstudy, cbpp = bm.load_data("sleepstudy"), bm.load_data("cbpp")
    settings = {"draws": 20, "chains": 2, "seed": 1, "progress": False}
    return {
        "Fit": bm.fit("Reaction ~ Days + (1 | Subject)", sleepstudy, **settings),
        "RemlFit": bm.reml("Reaction ~ Days + (1 | Subject)", sleepstudy),
        "LmFit": bm.lm("Reaction ~ Days", sleepstudy),
        "LaplaceFit": bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, "binomial"),
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lmer", "bm.reml(formula, data) gives lmer's estimates"),
        ("glmer", "bm.laplace"),
        ("brm", "bm.fit(formula, data, family)"),
        ("VarCorr", "Did you mean 'varcorr'?"),
        ("pp_check", "bm.plot_ppc(fit)"),
        ("lsmeans", 'bm.emmeans(fit, "f")'),
        ("pairs", "bm.contrasts(bm.emmeans("),
        ("cld", "bm.letters("),
        ("emmip", "bm.plot_means("),
        ("conditional_effects", "bm.plot_effects("),
        ("avg_predictions", "by=True"),
        ("hdi", "lower and upper"),
        ("isSingular", "fit.singular"),
        ("default_priors", "print(fit) shows all"),
        ("plot", "bm.plot_lines(fit)"),
        ("read.bismark", "bm.read_methylation(sheet)"),
        ("ash", "bm.significant("),
        ("fixf", "Did you mean 'fixef'?"),
        ("nothing_like_it", "bayesmix has no 'nothing_like_it'."),
    ],
)
def test_a_name_of_another_package_is_answered(name, said):
    with pytest.raises(AttributeError) as caught:
        getattr(bm, name)
    assert isinstance(caught.value, BayesmixError)
    assert str(caught.value).startswith(f"bayesmix has no {name!r}")
    assert said in str(caught.value)
    assert not hasattr(bm, name)


def test_no_hint_hides_a_name_or_leads_nowhere():
    assert not PUBLIC & set(hints.NAMES)
    assert not PUBLIC & set(hints.ATTRIBUTES)
    tables = (hints.NAMES, hints.ATTRIBUTES, hints.KEYWORDS, hints.QUESTIONS)
    for said in (*hints.NAMES.values(), *hints.ATTRIBUTES.values(), *KEYWORDS, *hints.OF_ONE.values()):
        named = {part.split("(")[0].split(" ")[0].rstrip(".,;_") for part in said.split("bm.")[1:]}
        assert {name for name in named if name != "plot"} <= set(bm.__all__), said
        assert len(said) < 250
    assert all(key == hints._normal(key) for table in tables for key in table)


@pytest.mark.parametrize("kind", ["Fit", "RemlFit", "LmFit", "LaplaceFit"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("summary", "it is a function, bm.summary(fit)"),
        ("VarCorr", "bm.varcorr(fit)"),
        ("predict", "it is a function, bm.predict(fit)"),
        ("plot", "bm.plot_lines(fit)"),
        ("params", "bm.fixef(fit)"),
        ("desing", "Did you mean 'design'?"),
        ("nothing_like_it", "It has "),
    ],
)
def test_a_record_names_the_function(fits, kind, name, said):
    with pytest.raises(AttributeError) as caught:
        getattr(fits[kind], name)
    assert isinstance(caught.value, BayesmixError)
    assert str(caught.value).startswith(f"{kind} has no {name!r}")
    assert said in str(caught.value)


def test_records_are_copied_and_pickled_as_before(fits):
    for kind in ("RemlFit", "LmFit", "LaplaceFit"):
        for again in (copy.copy(fits[kind]), copy.deepcopy(fits[kind]), pickle.loads(pickle.dumps(fits[kind]))):
            assert str(again) == str(fits[kind])
        assert not hasattr(fits[kind], "_repr_mimebundle_")


def test_a_property_that_fails_keeps_its_own_error():
    class Failing(hints.Hinted):
        @property
        def broken(self):
            return self.design.nothing

    failing = Failing()
    failing.design = 3
    with pytest.raises(AttributeError, match="'int' object has no attribute 'nothing'"):
        _ = failing.broken


@pytest.mark.parametrize(
    ("function", "given", "said"),
    [
        (
            bm.fit,
            {"iter": 2000},
            "fit has no argument 'iter': that is draws=, those that are kept of each chain, after tune=",
        ),
        (bm.fit, {"warmup": 1}, "that is tune="),
        (bm.fit, {"random_seed": 1}, "that is seed="),
        (bm.fit, {"link": "probit"}, 'family="binomial(probit)"'),
        (bm.fit, {"control": {}}, "target_accept="),
        (bm.fit, {"prior": []}, "priors="),
        (bm.fit, {"REML": True}, "bm.reml(formula, data)"),
        (bm.fit, {"chans": 4}, "Did you mean 'chains'?"),
        (bm.fit, {"xyz": 4}, "Arguments: formula, data, family, priors"),
        (bm.reml, {"family": "gaussian"}, "bm.reml is Gaussian"),
        (bm.lm, {"subset": 1}, "take the rows first"),
        (bm.laplace, {"nAGQ": 5}, "one node"),
        (bm.read_table, {"delimiter": ";"}, "that is sep="),
    ],
)
def test_a_keyword_of_another_package_is_answered(function, given, said):
    arguments = {bm.read_table: ("t.csv",), bm.laplace: ("y ~ x", {}, "binomial")}.get(function, ("y ~ x", {}))
    with pytest.raises(TypeError) as caught:
        function(*arguments, **given)
    assert isinstance(caught.value, BayesmixError)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("question", "given", "said"),
    [
        (bm.fixef, {"conf_level": 0.9}, "fixef has no argument 'conf_level': that is prob=."),
        (bm.fixef, {"probs": (0.05, 0.95)}, "prob= is of the interval"),
        (bm.fixef, {"method": "KR"}, "that is ddf="),
        (bm.fixef, {"prb": 0.9}, "Did you mean 'prob'? Arguments: fit, prob, ddf."),
        (bm.summary, {"level": 0.9}, "that is prob="),
        (bm.varcorr, {"comp": "Variance"}, "scale= is"),
        (bm.ranef, {"condVar": True}, "the column sd"),
        (bm.ranef, {"whichel": "Subject"}, "that is group="),
        (bm.coef, {"groups": "Subject"}, "that is group="),
        (bm.fitted, {"re_form": None}, "groups= says which group effects"),
        (bm.fitted, {"newdata": {}}, "bm.predict(fit, newdata) takes new rows"),
        (bm.predict, {"data": {}}, "that is newdata="),
        (bm.predict, {"re_form": None}, "groups= says which group effects"),
        (bm.slopes, {"wrt": "x"}, "that is variables="),
        (bm.residuals, {"type": "pearson"}, "that is kind="),
        (bm.loo, {"moment_match": True}, "it is done unasked where weights do not serve"),
        (bm.loo, {"ndraws": 100}, "that is draws="),
        (bm.compare, {"criterion": "loo"}, "it is by leave-one-out"),
        (bm.rand, {"level": 0.9}, "rand has no argument 'level'. Arguments: fit."),
        (bm.bayes_factor, {"hypothesis": "x = 0"}, "that is drop="),
        (bm.plot_residuals, {"type": "pearson"}, "that is kind="),
        (bm.plot_lines, {"effect": "Days"}, "that is x="),
        (bm.plot_trace, {"pars": "sigma"}, "that is parameters="),
        (bm.plot_ppc, {"nsim": 100}, "that is draws="),
        (bm.plot_qq, {"title": "QQ"}, "matplotlib sets it"),
        (bm.plot_sd, {"fig_size": (3, 3)}, "Did you mean 'figsize'?"),
    ],
)
def test_a_keyword_that_a_question_does_not_have_is_answered(fits, question, given, said):
    with pytest.raises(TypeError) as caught:
        question(fits["Fit"], **given)
    assert isinstance(caught.value, BayesmixError)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_question_answers_a_keyword_that_it_does_not_have_and_keeps_its_signature(fits):
    for name, question in ((name, getattr(bm, name)) for name in bm.__all__):
        if not (inspect.isfunction(question) and question.__module__.split(".")[1] in ("inference", "report")):
            continue
        with pytest.raises(TypeError, match=f"{name} has no argument 'qwertz'") as caught:
            question(fits["Fit"], qwertz=1)
        assert isinstance(caught.value, BayesmixError), name
        assert "kwargs" not in inspect.signature(question).parameters


def test_too_many_and_too_few_arguments(fits):
    one = fits["RemlFit"]
    for call, said in (
        (lambda: bm.anova(one, one), "several are compared by bm.lrt(small, large)"),
        (lambda: bm.lrt(one), "it compares two models or more, the smaller first"),
        (lambda: bm.fit("y ~ x"), "missing a required argument: 'data'; in order stand formula, data, family"),
        (lambda: bm.fit("y ~ x", {}, "gaussian", {}), "in order stand formula, data, family, all others by name"),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        assert isinstance(caught.value, BayesmixError)
        assert said in str(caught.value)


def test_functions_with_hints_are_themselves_in_other_processes():
    assert pickle.loads(pickle.dumps(bm.fit)) is bm.fit
    assert bm.fit.__doc__.startswith("Fit a Bayesian mixed model.")


def test_the_texts_of_families_are_those_of_the_table():
    texts = [text for kin in get_args(FamilyText.__value__) for text in get_args(kin.__value__)]
    assert len(texts) == len(set(texts))
    written = {f"{name}({link})" for name, entry in FAMILIES.items() for link in entry.links}
    assert set(texts) == {*FAMILIES, *written, *ALIASES}
    assert all(read_family(text) for text in texts)
    assert did_you_mean("gausian", texts)


CHECKED = """
import bayesmix as bm
data = bm.load_data("sleepstudy")
good = bm.fit("y ~ x", data, "binomial(probit)", na="error", method="joint", sampler="pymc")
bm.plot_ppc(good, kind="ecdf")
bm.fit("y ~ x", data, "gausian")
bm.fit("y ~ x", data, method="exakt")
bm.fit("y ~ x", data, sampler="stan")
bm.reml("y ~ x", data, na="omit")
bm.fit("y ~ x", data, iter=2000)
bm.plot_ppc(good, kind="histogram")
good.summary()
bm.lmer
bm.fixef(good, prob=0.9).loc["x"]
bm.fixef(good, conf_level=0.9)
bm.plot_residuals(good, type="pearson")
"""


@pytest.mark.slow
def test_a_type_checker_sees_the_words(tmp_path):
    (tmp_path / "asked.py").write_text(CHECKED)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--ignore-missing-imports", str(tmp_path / "asked.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line]
    assert lines == [6, 7, 8, 9, 10, 11, 12, 13, 15, 16], done.stdout
