"""Gates of the house that no linter on the shelf has."""
