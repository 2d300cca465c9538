"""The commands of `toprope slo`, each in a file of its name."""
