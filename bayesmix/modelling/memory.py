"""What draws cost in memory, asked before anything is sampled.

A library that is refused memory may end the process (nutpie does), and a machine that swaps seems to hang: neither can
be caught, so the numbers that the draws are made of are counted beforehand.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from bayesmix.errors import SamplingError
from bayesmix.formula.design import Design
from bayesmix.modelling.mixed_model import MixedModel
from bayesmix.modelling.route import Route
from bayesmix.modelling.settings import MOST_KEPT, SamplerSettings

if find_spec("resource"):  # Windows has none
    import resource

_BYTES = 8
_COPIES = 4  # the draws as the sampler makes them, in the posterior, and while one becomes the other
_STATISTICS = 10  # of a draw, or a step of tuning, by NUTS
_VALUES_PER_CHAIN = 150  # at least, that importance sampling weighs


def require_memory(route: Route, model: MixedModel, settings: SamplerSettings) -> None:
    """Refuse draws that this process cannot hold.

    Raises
    ------
    SamplingError
        One line with what they would take, what there is, and how many draws would fit.
    """
    needed = memory_needed(route, model, settings)
    there = memory_there()
    if needed <= there:
        return
    draws, tune, chains = settings.draws, settings.tune, settings.chains
    affordable = int(draws * there / needed)
    fewer = f"draws={_round_down(affordable)}" if affordable >= 10 else "fewer chains"
    keeps = settings.keep_effects and model.design.random and not route.samples_effects
    effects = ", keep_effects=False" if keeps else ""
    steps = f", tune={tune}" if tune is not None and settings.sampler != "importance" else ""
    raise SamplingError(
        f"draws={draws}{steps}, chains={chains} take about {_in_gib(needed)} of memory, and there are "
        f"{_in_gib(there)}: take fewer ({fewer}{effects}); thousands of draws are plenty."
    )


def out_of_memory(*, draws: int, chains: int) -> str:
    """The line for memory that ran out all the same."""
    return (
        f"Memory ran out ({_in_gib(memory_there())} in all): take fewer draws (draws={draws}, chains={chains} were "
        "asked for), keep_effects=False, or fewer rows."
    )


def memory_needed(route: Route, model: MixedModel, settings: SamplerSettings) -> int:
    """Bytes, roughly and rather too few, that sampling takes at its peak beyond the model itself."""
    design, chains, n_total = model.design, settings.chains, settings.n_total
    largest, others = _n_effects(design)
    n = len(model.family.auxiliary) + len(design.response.thresholds) + others
    for part in design.predictors:
        n += len(part.fixed.names) + sum(term.k * (term.k + 1) // 2 for term in part.random)
    steps = settings.draws + (route.tune if settings.tune is None else settings.tune)
    if route.samples_effects:
        numbers = (n + largest) * n_total * _COPIES + _STATISTICS * chains * steps
    else:
        kept = largest * n_total <= MOST_KEPT if settings.keep_effects is None else settings.keep_effects
        numbers = n * n_total * _COPIES + largest * n_total * kept
        if settings.sampler == "importance":
            numbers += n * max(n_total, _VALUES_PER_CHAIN * chains)
        else:
            numbers += _STATISTICS * chains * steps
    return _BYTES * numbers


def _n_effects(design: Design) -> tuple[int, int]:
    """Group effects of the grouping factor that has the most, and of all others."""
    by_factor: dict[str, int] = {}
    for part in design.predictors:
        for term in part.random:
            by_factor[term.group] = by_factor.get(term.group, 0) + term.n_levels * term.k
    largest = max(by_factor.values(), default=0)
    return largest, sum(by_factor.values()) - largest


def memory_there() -> int:
    """Bytes that this process may have: the machine's, its container's, or what its own limit leaves, the least."""
    return min(_of_machine(), _of_container(), _below_own_limit())


_UNLIMITED = 2**62
_CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def _of_machine() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows does not say
        return _UNLIMITED


def _of_container() -> int:
    found = _UNLIMITED
    for path in _CONTAINER_LIMITS:
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        found = min(found, int(text)) if text.isdigit() else found
    return found


def _below_own_limit() -> int:
    """What `ulimit -v` leaves of addresses."""
    if not find_spec("resource"):
        return _UNLIMITED
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return _UNLIMITED
    try:
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        in_use = 0
    return max(0, limit - in_use)


def _in_gib(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:,.3g} GiB" if n_bytes < 2**50 else f"{n_bytes / 2**30:.1e} GiB"


def _round_down(number: int) -> int:
    """To one digit."""
    scale = 10 ** (len(str(number)) - 1)
    return number // scale * scale
