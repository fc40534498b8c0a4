"""REML and maximum likelihood estimates of Gaussian mixed models, with what their tables need."""
