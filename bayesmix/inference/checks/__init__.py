"""Can the draws, the data and the priors be trusted?"""
