"""Priors: the distributions, related ones in one file, how priors are read and settled, and the default priors."""
