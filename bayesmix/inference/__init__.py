"""Questions to a fitted model: posterior or estimates in, labelled table out, one file per question.

The rooms, from the top: `checks` and `pooling`; `tables`, `evidence` and `prediction`, which do not know each other;
`shared`. May import `modelling`, `formula`, `numerics`, `data` and `errors`; never Bambi or PyMC.
"""
