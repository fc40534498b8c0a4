"""From a design to a posterior: routes, the samplers that know them by one interface, the PyMC model, storage.

The only room that imports Bambi, PyMC, PyTensor and nutpie. These take seconds to load: the few functions that need
them import what they call themselves, in the files that the lint rule names (`pyproject.toml`).
"""
