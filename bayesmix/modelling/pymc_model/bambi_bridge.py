"""The Bambi model of a design, with bayesmix's own fixed effects, group effects and thresholds.

Bambi holds families, links and likelihoods and builds the PyMC model around them. It has no correlated group effects,
and its formula reader differs from R's in places, so bayesmix gives it X, the coefficients' priors and the group
effects. `predict` and `interpret` of the Bambi model still work: its names and dims are kept, and its fixed matrix is
replaced by the one that was fitted.

Three files rely on Bambi's internals: this one, `bambi_families` for the likelihoods and `bambi_dialect` for the names.
This one needs (Bambi 0.21): `Model.parameters`, `.conditional_parameters`, `.marginal_parameters`, `.response_term`,
`.backend`, `.built`; `backend.pymc.PyMCModel` with `.model`, `.components`, `.response_component`, `.spec`;
`backend.model_components.ConstantComponent`, `DistributionalComponent.build` and its four `build_...` steps,
`ResponseComponent`; `model_components.DistributionalComponent.design` with `.common.design_matrix`,
`.evaluate_new_data`, `.slices`, `.terms`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
from bayesmix.modelling.pymc_model.bambi_dialect import give_names_back, in_bambi_terms
from bayesmix.modelling.pymc_model.bambi_families import bambi_family
from bayesmix.modelling.pymc_model.fixed_effects import add_fixed_effects
from bayesmix.modelling.pymc_model.group_effects import add_group_term
from bayesmix.modelling.pymc_model.priors import to_bambi
from bayesmix.modelling.pymc_model.thresholds import add_thresholds
from bayesmix.posterior import layout
from bayesmix.priors.prior import Prior
from bayesmix.visible import visible


class _Model(bambi.Model):
    """Bambi's model, printed with the formulas and priors of the fit.

    Bambi itself knows only what it was given: fixed names for the columns, and flat priors, since bayesmix adds the
    terms.
    """

    page = ""

    def __str__(self) -> str:
        return self.page


def _page(design: Design, family: Family, priors: Mapping[str, Prior]) -> str:
    """Formulas, family and priors of the fit as text."""
    formulas = [visible(formula.text) for formula in (design.written, *design.own_formulas.values())]
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
    """A substitute for formulae's matrix of the fixed part: the fitted columns, and an offset as the last one."""

    def __init__(self, matrix: np.ndarray, design: Design, terms: Mapping[str, Any]):
        self.design_matrix, self.design, self.terms = matrix, design, terms
        p = len(design.fixed.names)
        self.slices = {name: slice(p, p + 1) for name, term in terms.items() if term.kind == "offset"}

    def evaluate_new_data(self, data: pd.DataFrame) -> "_FixedMatrix":
        rows = new_rows(self.design, data)
        return _FixedMatrix(_with_offset(rows.fixed, rows.offset, self.design), self.design, self.terms)


class _Component(DistributionalComponent):
    """The linear predictor with bayesmix's coefficients and group effects."""

    def __init__(self, component: Any, design: Design, priors: Mapping[str, Prior], centred: Collection[str]):
        super().__init__(component)
        self.design, self.priors, self.centred = design, priors, centred

    def build_intercept(self, bmb_model: Any) -> None:  # noqa: ARG002 (Bambi calls the steps with these)
        part = add_fixed_effects(self.design.fixed, self.priors)
        self.output += part.predictor
        self.at_means = part.at_means

    def build_offsets(self) -> None:
        if self.design.formula.offsets:
            self.output += self.design.offset

    def build_common_terms(self, pymc_backend: Any, bmb_model: Any) -> None:
        """Nothing: the coefficients were added with the intercept, which depends on them."""

    def build_group_specific_terms(self, pymc_backend: Any, bmb_model: Any) -> None:  # noqa: ARG002
        for term in self.design.random:
            centred = term.label in self.centred
            self.output += add_group_term(term, self.design.random, self.priors, centred=centred)


class _Backend(PyMCModel):
    """Bambi's PyMC backend with the linear predictor of `design`."""

    def __init__(self, design: Design, family: Family, priors: Mapping[str, Prior], centred: Collection[str]):
        super().__init__()
        self.design, self.family, self.priors, self.centred = design, family, priors, centred

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
                centred = self.centred if any(part is one for one in self.design.of_response) else ()
                self.components[name] = _Component(component, part, self.priors, centred)
                self.components[name].build(self, spec)
            self._weigh()
            if self.design.response.thresholds:
                at_means = self.components[spec.family.likelihood.parent].at_means
                self.components[layout.THRESHOLD].output = add_thresholds(
                    self.design, self.family, self.priors[layout.THRESHOLD], at_means
                )
            self.response_component = ResponseComponent(spec.response_term)
            self.response_component.build(self, spec)
        if self.design.response.thresholds:
            # F(threshold - eta) has a column for each threshold, where Bambi gives it the dim of the categories.
            self.model.named_vars_to_dims[spec.family.likelihood.parent] = (layout.OBSERVATIONS, layout.THRESHOLD_DIM)
        self.spec = spec

    def _weigh(self) -> None:
        """Divide sigma by sqrt(weight); a sigma with a formula on its log scale."""
        if self.design.weights is None:
            return
        sigma = self.components["sigma"]
        if "sigma" in self.design.parts:
            sigma.output = sigma.output - 0.5 * np.log(self.design.weights)
        else:
            sigma.output = sigma.output / np.sqrt(self.design.weights)


@dataclass(frozen=True)
class BuiltModel:
    """The `model` that is sampled; `kept` names the variables of the posterior."""

    model: pm.Model
    kept: tuple[str, ...]


def build_model(
    design: Design, family: Family, priors: Mapping[str, Prior], *, centred: Collection[str] = ()
) -> BuiltModel:
    """The PyMC model of all parameters; group effects are non-centred except those of the terms `centred`."""
    built = build_bambi_model(design, family, priors, for_prediction=False, centred=centred)
    kept = [layout.THRESHOLD] if design.response.thresholds else []
    for part in design.predictors:
        kept += [layout.fixed_variable(term) for term in part.fixed.terms]
        for term in part.random:
            kept += layout.sd_names(term)
            if term.k > 1:
                kept.append(layout.corr_name(term, part.random))
            kept += [layout.group_variable(owner, term) for owner in term.terms]
    return BuiltModel(built.backend.model, (*kept, *layout.constant_parameters(design, family.auxiliary)))


def build_bambi_model(
    design: Design,
    family: Family,
    priors: Mapping[str, Prior],
    *,
    for_prediction: bool,
    centred: Collection[str] = (),
) -> bambi.Model:
    """The Bambi model of a design, built; its PyMC model is `.backend.model`.

    Without `for_prediction` Bambi does not know the random terms, but the PyMC model has them. Terms with a label
    in `centred` have the effects themselves as free variables.
    """
    bambi_terms = in_bambi_terms(design, with_groups=for_prediction)
    of_bambi = bambi_family(family, design.response)
    model = _Model(
        bambi.Formula(*bambi_terms.texts),
        bambi_terms.data,
        family=of_bambi,
        link=family.link if isinstance(of_bambi, str) else None,
        priors={name: to_bambi(priors[name]) for name in layout.constant_parameters(design, family.auxiliary)},
        auto_scale=False,
        extra_namespace=bambi_terms.functions,
    )
    give_names_back(model, bambi_terms, design)
    for parameter, component in model.conditional_parameters.items():
        if component.design.common is not None:
            part = design.parts.get(parameter, design)
            matrix = _with_offset(part.fixed.matrix, part.offset, part)
            component.design.common = _FixedMatrix(matrix, part, component.design.common.terms)
    model.backend = _Backend(design, family, priors, centred)
    model.backend.build(model)
    model.built = True
    model.page = _page(design, family, priors)
    return model


def _with_offset(matrix: np.ndarray, offset: np.ndarray, design: Design) -> np.ndarray:
    return np.column_stack([matrix, offset]) if design.formula.offsets else matrix
