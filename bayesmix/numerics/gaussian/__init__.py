"""The Gaussian mixed model with its coefficients and group effects integrated out in closed form.

    y = X beta + sum over terms t of Z_t b_t + e,     b_t of a level ~ N(0, L_t L_t'),     e_i ~ N(0, sigma^2 / w_i)

`cross_products` reads the data; `log_density` and `conditional` answer for any L_t and sigma, at a cost that does not
grow with the rows.
"""
