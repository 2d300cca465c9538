"""Texts into vectors, in this process: the model, its identity, its threads."""
