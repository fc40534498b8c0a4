"""From a formula's text and a data frame to the arrays of a mixed model. Imports NumPy, pandas and narwhals.

`parse` reads the text, `build_design` makes the arrays: text, tokens, syntax tree, terms, matrices. A formula
is data, never code: nothing of it is evaluated by Python, and only the documented functions may be called.
"""
