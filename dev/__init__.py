"""The local cluster and image tooling: what `make demo` and the tests stand on."""
