"""Many Gaussian responses with one design: what they share, and a row of results for each."""
