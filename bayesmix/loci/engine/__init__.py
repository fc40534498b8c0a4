"""One model fitted to every locus of a block: its design is read once for each set of samples, then loci are sampled.

    model = loci_model(formula, sheet, example=block, family="beta_binomial", seed=1)
    fitted = fit_block(model, block)         # .table has a row for each locus, .draws what is kept of their draws

A row depends on the model, the rows of the locus and its name alone: not on the block, its order, or who fits it.
"""
