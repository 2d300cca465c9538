"""The objects of a ShortenerApp, one a file: pure functions that return an object, or None where there is none."""
