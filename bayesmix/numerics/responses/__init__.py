"""Many Gaussian responses with one design: values of the variance parameters that all of them share.

    y = X beta + sum over terms t of Z_t b_t + e,     var y = sigma^2 V(lambda) + X S S' X',     lambda_t = L_t / sigma

Every response is projected once onto the space of X and Z (`space`), where it is r numbers w and a residual sum of
squares. For a value of lambda all that a response changes is the quadratic form w' B w and the p numbers C w, and both
are matrix products for a block of responses (`tables`); sigma is integrated out on a grid (`residual_integral`). The
values of lambda come from one mixture of t distributions (`proposal`), which follows the average posterior of some of
the responses (`learning`), and each response weighs all of them (`weighing`). `draws` has what is told of a response.

S is the number of values, R of responses, G of nodes of the grid, p of coefficients, n_sd and n_corr of sds and
correlations of the terms.
"""
