"""Figures, each printed beside its goal and its baseline of the same run: `make bench`."""
