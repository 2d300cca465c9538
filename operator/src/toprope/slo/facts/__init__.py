"""What is wrong with SLOs, how it is known, and what to do: a file for each condition, its facts in their order."""
