"""Builds what the local cluster runs: binaries from Go modules, images from Dockerfiles; each once per version."""
