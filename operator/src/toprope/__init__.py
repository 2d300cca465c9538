"""Toprope: a Kubernetes operator for AI back ends, held by their SLOs."""

__version__ = "0.1.0"
