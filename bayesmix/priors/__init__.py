"""The distributions that may be priors, one file a kin, how a prior is read and settled, and the priors by default."""
