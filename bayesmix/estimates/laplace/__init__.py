"""Maximum likelihood estimates of mixed models for counts, by Laplace's approximation."""
