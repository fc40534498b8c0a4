"""Where the parameters of a model stand in its posterior."""
