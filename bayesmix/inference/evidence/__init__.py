"""Which terms are there? Marginal likelihoods, Bayes factors and likelihood-ratio tests."""
