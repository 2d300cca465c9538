"""`toprope` on the command line: what it generates, what it would do, how a resource is, and the operator itself."""
