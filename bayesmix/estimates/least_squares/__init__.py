"""Least squares estimates of linear models without random terms."""
