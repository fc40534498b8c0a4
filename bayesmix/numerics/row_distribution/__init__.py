"""The distribution of one observation, family by family: log density, draws, and where an observation lies in it."""
