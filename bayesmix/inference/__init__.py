"""Questions to a fitted model: posterior in, labelled table out, one file per question.

May import `modelling`, `formula`, `numerics`, `data` and `errors`; never Bambi or PyMC.
"""
