"""The distribution of one observation, family by family: density, tails, draws, mean and variance."""
