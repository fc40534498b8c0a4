"""The Gaussian mixed model with its coefficients and group effects integrated out in closed form.

    y = X beta + sum over terms t of Z_t b_t + e,     b_t of a level ~ N(0, L_t L_t'),     e_i ~ N(0, sigma^2 / w_i)

`cross_products` reads the data; `gradient` and `conditional` answer for any L_t and sigma, at a cost that does not grow
with the rows. The symbols below are those of the kernels; (J, k) are levels and columns of block 0, m the columns of
the dense side without X, p the columns of X, K the columns of the widest block.

Parameters, on the way from a sampler to the factor of M:

=============  =======================================================================================================
theta          the variance parameters on the whole line, (n,): of each term its sds, then its partial correlations; the
               residual sd last (`numerics.variance_parameters`). In REML (`reml`): L / sigma
L_t            lower triangle (k_t, k_t): of a level of term t, b_t = L_t u_t with u_t ~ N(0, I)
packed         all L_t, term after term, row after row, and log sigma last; `Arrays.entries` has block, row and column
               of each number (`arrangement.pack`)
relative       (n_blocks, K, K): a block's L / sigma for its centred columns (`factor.relative_factors`)
Lambda         block-diagonal matrix of the L of all levels; Z Lambda u is what all group effects add to y
S              `WorkingPrior.factor` (p, p): coefficients of the scaled columns = least squares + `offset` + S v
W              [Z Lambda, X S], one column for each number of (u, v)
M              I + W'W / sigma^2, with 0 for 1 where v is flat (`WorkingPrior.penalty`): the precision of (u, v) given y
=============  =======================================================================================================

Blocks. Terms of one grouping factor form one block (`arrangement`). Block 0, of the factor with the most effects, is
eliminated level by level; all other blocks, and X behind them, are the dense side. Columns of the dense side are in
this order, with y as the last one of `remainder`, `schur`, `level_fixed` and `half`.

=================================  ===================================================================================
block 0, of each level             `Arrays.root` (J, k, k): Z = Q root. `Arrays.level_fixed` (J, k, p + 1): Q'[X, y].
                                   `Factor.upper`, `along`, `across` (J, k, k): the level's rotation
block 0 with the other blocks      `Arrays.met_start`, `met_column`, `met_value`: the dense columns that a level meets,
                                   and Q' of them
the dense side without block 0     `Arrays.remainder` (m + p + 1, m + p + 1): products of [Z_others, X, y], less their
                                   share along Q. `Factor.schur`: the same with block 0 integrated out
the other blocks alone             `Factor.scales` (m, K): their Lambda / sigma, column by column. `Factor.lower`
                                   (m, m): Cholesky factor of their part of M, block 0 integrated out
the other blocks with X and y      `Factor.half` (p + 1, m): lower^-1 of the rows of X and y
X alone                            `Factor.fixed_upper` (p, p): triangular factor for v. `Factor.fixed_mean` (p,): mean
                                   of v. `Factor.fixed` (p,): S times it plus `offset`
all of M                           `Factor.log_determinant`: log |M| / 2. `Factor.quadratic`: the least penalised sum of
                                   squares / sigma^2
=================================  ===================================================================================

In the buffer of a compiled density (`numerics.variance_posterior.pack_posterior`) arrays 0 to 15 are the fields of
`Arrays` in their order, 16 to 19 those of `WorkingPrior`, 20 the columns of each term, 21 and 22 the priors of theta,
23 and 24 centre and scale of the map from a sampler's coordinates to theta.
"""
