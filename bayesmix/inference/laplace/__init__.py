"""Answers from the estimates of a `LaplaceFit`, one file per question; the questions themselves stand a folder above.

`coef` is the same as of a `RemlFit`, and `vcov` is what the record holds.
"""
