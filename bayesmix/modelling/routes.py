"""All routes, and the choice of the one that a model takes."""

from bayesmix.errors import ArgumentError, QuadratureError, did_you_mean, shown
from bayesmix.families.family import Family
from bayesmix.modelling.exact.route import ExactRoute
from bayesmix.modelling.joint.route import JointRoute
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.quadrature.route import QuadratureRoute
from bayesmix.modelling.route import Choice, Request, Route, no_closed_form
from bayesmix.modelling.settings import SAMPLERS

ROUTES: tuple[Route, ...] = (ExactRoute(), QuadratureRoute(), JointRoute())
"""The routes in the order in which they are tried; the last one takes every model."""

MARGINAL = "marginal"
"""The method that asks for any route that integrates something out; fits stored by earlier versions have it."""


def route_named(name: str) -> Route:
    """The route that `fit.method` names."""
    return next(route for route in ROUTES if route.name == name)


def current_name(name: str, family: Family) -> str:
    """The current name of the route that a fit took; earlier versions had one name for two routes."""
    if name != MARGINAL:
        return name
    return ExactRoute.name if family.is_gaussian_identity else QuadratureRoute.name


def route_of(model: MixedModel) -> Route:
    """The first route that nothing keeps a model from, whatever it costs."""
    return next(route for route in ROUTES if route.why_not(model) is None)


def why_not_integrated(model: MixedModel) -> str | None:
    """What keeps a model from every route that integrates something out, in words; None if one of them takes it."""
    obstacles = [route.why_not(model) for route in ROUTES if not route.samples_effects]
    return None if None in obstacles else _telling([text for text in obstacles if text], model)


def choose_route(model: MixedModel, request: Request) -> Choice:
    """The first route that takes a model, with the most promising sampler.

    With the sampler ``"auto"``, arguments that only NUTS has ask for NUTS.

    Raises
    ------
    ArgumentError
        The sampler is not known, or the method or sampler does not apply; the message says why.
    """
    _require_sampler(request)
    obstacles: list[str] = []
    for route in ROUTES:
        if request.method not in ("auto", route.name) and (request.method != MARGINAL or route.samples_effects):
            continue
        obstacle = route.why_not(model)
        if obstacle is None and request.sampler in ("auto", *route.samplers):
            return route.choose(model, request, _telling(obstacles, model))
        if not route.samples_effects:
            obstacles.append(obstacle or f"sampler {request.sampler} takes all parameters")
    argument, instead = ("method", "joint") if request.method != "auto" else ("sampler", "nutpie")
    wanted = request.method if request.method != "auto" else request.sampler
    raise ArgumentError(
        f'{argument}="{wanted}" does not apply: {_telling(obstacles, model)}. Write {argument}="{instead}" or "auto".'
    )


def without_quadrature(request: Request, choice: Choice, error: QuadratureError) -> Choice:
    """The joint route, with the `error` as reason; the error is raised if the user asked for the quadrature."""
    if request.method != "auto" or (choice.sampler == "importance" and choice.otherwise is None):
        raise error
    return Choice(JointRoute.name, "nutpie", str(error))


def _require_sampler(request: Request) -> None:
    sampler = request.sampler
    if not isinstance(sampler, str) or sampler not in SAMPLERS:
        hint = did_you_mean(sampler, SAMPLERS) if isinstance(sampler, str) else ""
        raise ArgumentError(f"sampler={shown(sampler)} is not known.{hint} Samplers: {', '.join(SAMPLERS)}.")
    if sampler == "importance" and request.of_nuts:
        raise ArgumentError(f'{request.of_nuts[0]}= is for NUTS; leave it out, or write sampler="nutpie".')
    if sampler == "importance" and request.method == JointRoute.name:
        raise ArgumentError(
            'sampler="importance" goes with method="exact" or "quadrature"; the joint path has NUTS alone.'
        )


def _telling(obstacles: list[str], model: MixedModel) -> str:
    """The obstacle that says most; that a route is for other families is said only if there is no other one."""
    plain = no_closed_form(model.family)
    return next((text for text in obstacles if text != plain), plain)
