"""How well does a model foretell responses, new ones and those it was fitted to?"""
