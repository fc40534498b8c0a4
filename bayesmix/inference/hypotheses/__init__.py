"""Hypotheses about the parameters of a fit: how they are written, what they name, how each kind of fit answers."""
