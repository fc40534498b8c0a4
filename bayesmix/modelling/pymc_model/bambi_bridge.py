"""What leans on Bambi's internals: this file, `bambi_families` for the likelihoods, `bambi_names` for the names.

Bambi holds families, links and likelihoods and builds the PyMC model around them. It has no correlated group
effects and its formula reader differs from R's in places, so bayesmix gives it X, the coefficients' priors and
the group effects. `predict` and `interpret` of the Bambi model go on working: its names and dims are kept, and
its fixed matrix is replaced by the one that was fitted.

Leans on (Bambi 0.21): `Model.parameters`, `.conditional_parameters`, `.marginal_parameters`, `.response_term`,
`.backend`, `.built`; `backend.pymc.PyMCModel` with `.model`, `.components`, `.response_component`, `.spec`;
`backend.model_components.ConstantComponent`, `DistributionalComponent.build` and its four `build_...` steps,
`ResponseComponent`; `model_components.DistributionalComponent.design` with `.common.design_matrix`,
`.evaluate_new_data`, `.slices`, `.terms`.
"""

from collections.abc import Collection, Mapping
from typing import Any

import bambi
import numpy as np
import pandas as pd
import pymc as pm
from bambi.backend.model_components import ConstantComponent, DistributionalComponent, ResponseComponent
from bambi.backend.pymc import PyMCModel

from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.formula.matrices import new_rows
from bayesmix.modelling.pymc_model.bambi_dialect import in_bambi_terms
from bayesmix.modelling.pymc_model.bambi_families import bambi_family
from bayesmix.modelling.pymc_model.bambi_names import give_names_back
from bayesmix.modelling.pymc_model.fixed_effects import add_fixed_effects
from bayesmix.modelling.pymc_model.group_effects import add_group_term
from bayesmix.modelling.pymc_model.priors import to_bambi
from bayesmix.modelling.pymc_model.thresholds import add_thresholds
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior
from bayesmix.visible import visible


class _Model(bambi.Model):
    """Bambi's model, which prints formulas and priors of the fit: Bambi itself knows neither.

    Its own are those it was given, names of ours for the columns and flat priors, since bayesmix adds the terms.
    """

    page = ""

    def __str__(self) -> str:
        return self.page


def _page(design: Design, family: Family, priors: Mapping[str, Prior]) -> str:
    """Formulas, family and priors, as the fit has them."""
    formulas = [visible(part.formula.text) for part in design.predictors]
    width = max(len(name) for name in priors)
    lines = [
        f"     Formula: {formulas[0]}",
        *(f"              {formula}" for formula in formulas[1:]),
        f"      Family: {family}",
        f"Observations: {design.n_obs}",
        "      Priors:",
        *(f"    {visible(name):{width}} ~ {prior}" for name, prior in priors.items()),
    ]
    return "\n".join(lines)


class _FixedMatrix:
    """Stands for formulae's matrix of the fixed part: the columns that were fitted, an offset last."""

    def __init__(self, matrix: np.ndarray, design: Design, terms: Mapping[str, Any]):
        self.design_matrix = matrix
        self.design = design
        self.terms = terms
        p = len(design.fixed.names)
        self.slices = {name: slice(p, p + 1) for name, term in terms.items() if term.kind == "offset"}

    def evaluate_new_data(self, data: pd.DataFrame) -> "_FixedMatrix":
        rows = new_rows(self.design, data)
        return _FixedMatrix(_with_offset(rows.fixed, rows.offset, self.design), self.design, self.terms)


class _Component(DistributionalComponent):
    """The linear predictor, with bayesmix's coefficients and group effects."""

    def __init__(self, component: Any, design: Design, priors: Mapping[str, Prior], centred: Collection[str]):
        super().__init__(component)
        self.design = design
        self.priors = priors
        self.centred = centred

    def build_intercept(self, bmb_model: Any) -> None:  # noqa: ARG002 (Bambi calls the steps with these)
        part = add_fixed_effects(self.design.fixed, self.priors)
        self.output += part.predictor
        self.at_means = part.at_means

    def build_offsets(self) -> None:
        if self.design.formula.offsets:
            self.output += self.design.offset

    def build_common_terms(self, pymc_backend: Any, bmb_model: Any) -> None:
        """The coefficients were added with the intercept, which depends on them."""

    def build_group_specific_terms(self, pymc_backend: Any, bmb_model: Any) -> None:  # noqa: ARG002
        for term in self.design.random:
            centred = term.label in self.centred
            self.output += add_group_term(term, self.design.random, self.priors, centred=centred)


class _Backend(PyMCModel):
    """Bambi's PyMC backend with the linear predictor of `design`."""

    def __init__(self, design: Design, family: Family, priors: Mapping[str, Prior], centred: Collection[str]):
        super().__init__()
        self.design = design
        self.family = family
        self.priors = priors
        self.centred = centred

    def build(self, spec: Any) -> None:
        self.model = pm.Model()
        self.components = {}
        with self.model:
            for name, component in sorted(spec.marginal_parameters.items()):  # Bambi's order is that of a set
                self.components[name] = ConstantComponent(component)
                if name != layout.THRESHOLD:
                    self.components[name].build(self, spec)
            for name, component in spec.conditional_parameters.items():
                part = self.design.parts.get(name, self.design)
                centred = self.centred if part is self.design else ()
                self.components[name] = _Component(component, part, self.priors, centred)
                self.components[name].build(self, spec)
            self._weigh()
            if self.design.response.categories:
                at_means = self.components[spec.family.likelihood.parent].at_means
                self.components[layout.THRESHOLD].output = add_thresholds(
                    self.design, self.family, self.priors[layout.THRESHOLD], at_means
                )
            self.response_component = ResponseComponent(spec.response_term)
            self.response_component.build(self, spec)
        if self.design.response.categories:
            # F(threshold - eta) has a column for each threshold, where Bambi gives it the dim of the categories.
            self.model.named_vars_to_dims[spec.family.likelihood.parent] = (layout.OBSERVATIONS, layout.THRESHOLD_DIM)
        self.spec = spec

    def _weigh(self) -> None:
        """sigma / sqrt(weight), of a sigma with a formula on its log scale."""
        if self.design.weights is None:
            return
        sigma = self.components["sigma"]
        if "sigma" in self.design.parts:
            sigma.output = sigma.output - 0.5 * np.log(self.design.weights)
        else:
            sigma.output = sigma.output / np.sqrt(self.design.weights)


def build_bambi_model(
    design: Design,
    family: Family,
    priors: Mapping[str, Prior],
    *,
    for_prediction: bool,
    centred: Collection[str] = (),
) -> bambi.Model:
    """The Bambi model of a design, built; its PyMC model is `.backend.model`.

    Without `for_prediction` Bambi is not told of the random terms; the PyMC model has them all the same.
    Of the terms with a label in `centred` the effects themselves are its free variables.
    """
    bambi_terms = in_bambi_terms(design, with_groups=for_prediction)
    model = _Model(
        bambi.Formula(*bambi_terms.texts),
        bambi_terms.data,
        family=bambi_family(family, design.response),
        link=family.link,
        priors={name: to_bambi(priors[name]) for name in layout.constant_parameters(design, family.auxiliary)},
        auto_scale=False,
        extra_namespace=bambi_terms.functions,
    )
    give_names_back(model, bambi_terms, design)
    for parameter, component in model.conditional_parameters.items():
        _give_fixed_matrix(component, design.parts.get(parameter, design))
    model.backend = _Backend(design, family, priors, centred)
    model.backend.build(model)
    model.built = True
    model.page = _page(design, family, priors)
    return model


def _give_fixed_matrix(component: Any, design: Design) -> None:
    """Our fixed matrix in place of Bambi's."""
    if component.design.common is not None:
        matrix = _with_offset(design.fixed.matrix, design.offset, design)
        component.design.common = _FixedMatrix(matrix, design, component.design.common.terms)


def _with_offset(matrix: np.ndarray, offset: np.ndarray, design: Design) -> np.ndarray:
    return np.column_stack([matrix, offset]) if design.formula.offsets else matrix
