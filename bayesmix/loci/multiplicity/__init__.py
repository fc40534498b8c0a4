"""Which loci are called significant, and what all loci together say of the priors of each."""
