"""Which share of the variance belongs to what: intraclass correlations, R2, every term's share."""
