"""How often an entry is tried: the numbers by which variances are divided in the variance of its mean."""

from dataclasses import dataclass

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, listing, shown
from bayesmix.inference.shared.arguments import a_positive_number
from bayesmix.inference.trials.genetic_terms import GeneticTerms, Variances, harmonic_mean

RESIDUAL = "Residual"


@dataclass(frozen=True, eq=False)
class EntryMean:
    """Of an entry, in how many levels of every interaction it is tried, and on how many plots."""

    environments: tuple[float, ...]
    plots: float

    def by_term(self, terms: GeneticTerms) -> dict[str, float]:
        """The numbers by the group of the term, and of the residual."""
        groups = (term.group for term in terms.interactions)
        return dict(zip(groups, self.environments, strict=True)) | {RESIDUAL: self.plots}

    def variance_beside_genotype(self, variances: Variances) -> Floats:
        """What of the variance of an entry's mean is not that of the entry."""
        tried = zip(variances.interactions, self.environments, strict=True)
        return sum((variance / number for variance, number in tried), start=variances.residual / self.plots)


def entry_mean(terms: GeneticTerms, environments: float | None, plots: float | None) -> EntryMean:
    """The numbers of the data as harmonic means over the entries, or those of a trial that is planned."""
    met = tuple(harmonic_mean(number) for number in terms.n_cells)
    if environments is not None:
        number = a_positive_number(
            environments, argument="environments", meaning="how many an entry is tried in, such as 3"
        )
        if not terms.interactions:
            raise ArgumentError(
                f"environments={shown(environments)} is the number of levels of an interaction, such as (1 | "
                f"{terms.genotype.group}:year), and the model has none; leave it out."
            )
        met = tuple(number for _ in met)
    if plots is None:
        return EntryMean(met, harmonic_mean(terms.n_plots))
    number = a_positive_number(plots, argument="plots", meaning="the plots of an entry in all environments, such as 6")
    if met and number < max(met):
        raise ArgumentError(
            f"plots={shown(plots)} is fewer than the {max(met):g} environments that an entry is tried in; plots are "
            "counted over all environments."
        )
    return EntryMean(met, number)


def words(mean: EntryMean, terms: GeneticTerms) -> str:
    """The numbers as a clause."""
    parts = [f"{number:.3g} levels of {group}" for group, number in mean.by_term(terms).items() if group != RESIDUAL]
    return listing([*parts, f"{mean.plots:.3g} plots"])
