"""What a SearchIndex publishes."""

ROUTES = {"search": ("/v1/search", "/v1/documents/{id}/similar"), "api": ("/v1/*",)}
"""Published route → its templates, as the service itself publishes them."""

PROBE = "/v1/documents/toprope-probe-{probe}"
"""A document that nobody has: asking for it takes no key and changes nothing, and each one is looked up in the
database. The answer is 404."""
