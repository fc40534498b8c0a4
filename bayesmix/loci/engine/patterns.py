"""What loci with the same samples share: design, priors, and whether the effects can be integrated out."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from bayesmix.arrays import Integers
from bayesmix.families.family import Family, read_family
from bayesmix.families.table import AUXILIARY
from bayesmix.formula.design import Design, Response
from bayesmix.formula.distributional import parse_formulas
from bayesmix.formula.matrices import build_design
from bayesmix.formula.response import read_response
from bayesmix.formula.syntax import columns_in
from bayesmix.formula.variables import Variables
from bayesmix.loci.engine.model import LociModel
from bayesmix.modelling.dependence_notice import require_told_apart
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.route import QuadratureRoute
from bayesmix.priors.column_units import cell_means
from bayesmix.priors.default_priors import column_sds, default_priors
from bayesmix.priors.prior import Prior
from bayesmix.priors.settled import settle_priors

_MOST, _MOST_MODELS = 4096, 4  # patterns of a model, and models, that are remembered


@dataclass(frozen=True, eq=False)
class Pattern:
    """The design of loci with the same samples, and the priors that their responses do not change.

    `design` has the response of the first of them. `varying`: whether a default prior follows from the response.
    `integrated`: whether the group effects are integrated out by quadrature. `given`: parameters whose prior is not the
    default.
    """

    design: Design
    priors: dict[str, Prior]
    given: frozenset[str]
    varying: bool
    integrated: bool

    def model(self, response: Response, family: Family) -> MixedModel:
        """The model of a locus with its `response`; whose columns in `design.data` stay those of the first locus."""
        design = replace(self.design, response=response)
        if not self.varying:
            return MixedModel(design, family, self.priors)
        defaults = default_priors(design, family)
        kept = {name: self.priors[name] for name in self.given}
        return MixedModel(design, family, defaults | kept)


class Patterns:
    """The patterns of one model, remembered by their samples."""

    def __init__(self, model: LociModel) -> None:
        self.model = model
        self.family = read_family(model.family)
        formula = model.formula if isinstance(model.formula, str) else list(model.formula)
        self.parsed = parse_formulas(formula, model.functions or (), auxiliary=self.family.modelled)
        self._known: OrderedDict[bytes, Pattern] = OrderedDict()

    def frame(self, samples: Integers, columns: dict[str, NDArray[Any]]) -> pd.DataFrame:
        """The data of a locus as `bm.fit` takes them."""
        frame = self.model.sheet.iloc[samples].reset_index(drop=True)
        return frame.assign(**columns)

    def priors_for(self, samples: Integers, columns: dict[str, NDArray[Any]]) -> dict[str, str | Prior]:
        """The given priors of the parameters that a locus has."""
        if not self.model.priors:
            return {}
        known = self.pattern(samples, columns).priors
        return {name: prior for name, prior in self.model.priors.items() if name in known}

    def pattern(self, samples: Integers, columns: dict[str, NDArray[Any]]) -> Pattern:
        """The pattern of a locus; what keeps a locus from having one is an error of `bm.fit`, and not remembered."""
        key = samples.tobytes()
        if self.model.predictors:
            return self._read(samples, columns)
        if key not in self._known:
            self._known[key] = self._read(samples, columns)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def response_frame(self, samples: Integers, columns: dict[str, NDArray[Any]]) -> pd.DataFrame:
        """What the response of a locus is read from."""
        nodes, sheet = self.parsed.mean.response.nodes, self.model.sheet
        names = dict.fromkeys(name.name for node in nodes for name in columns_in(node))
        return pd.DataFrame(
            {name: columns[name] if name in columns else sheet[name].to_numpy()[samples] for name in names}
        )

    def response(self, frame: pd.DataFrame) -> Response:
        """The response of a locus, with all that is checked of one."""
        formula = self.parsed.mean
        variables = Variables(formula.text, frame, self.model.functions or {})
        return read_response(formula, variables, kind=self.family.response, weights=None)

    def _read(self, samples: Integers, columns: dict[str, NDArray[Any]]) -> Pattern:
        model, family = self.model, self.family
        for factor in model.factors:
            factor.require(samples)
        design = build_design(
            self.parsed.mean,
            self.frame(samples, columns),
            response=family.response,
            weights=model.weights,
            functions=model.functions,
            contrasts=model.codings,
            parts=self.parsed.parts,
            auxiliary=family.auxiliary,
        )
        defaults = default_priors(design, family)
        given = {name: prior for name, prior in model.priors.items() if name in defaults}
        settled = settle_priors(defaults, given, column_sds(design, family))
        mixed = MixedModel(design, family, settled)
        integrated = model.weights is None and QuadratureRoute().why_not(mixed) is None
        if integrated:
            require_told_apart(design, settled)
        units = any(AUXILIARY[name].unit for name in family.auxiliary)
        varying = family.link == "log" or bool(cell_means(design.fixed)) or units
        return Pattern(design, settled, frozenset(given), varying, integrated)


_OF_MODELS: OrderedDict[str, Patterns] = OrderedDict()


def patterns_of(model: LociModel) -> Patterns:
    """The patterns of a model; those of the last few models last as long as the process."""
    if model.digest not in _OF_MODELS:
        _OF_MODELS[model.digest] = Patterns(model)
        if len(_OF_MODELS) > _MOST_MODELS:
            _OF_MODELS.popitem(last=False)
    return _OF_MODELS[model.digest]
