"""What a ShortenerApp publishes."""

ROUTES = {"redirect": ("/{slug}",), "api": ("/api/v1/*",)}
"""Published route → its templates, as the service itself publishes them."""

PROBE = "/toprope-probe-{probe}"
"""A link that nobody has: asking for it takes no key and changes nothing, and each one is looked up in the database,
for no memory and no cache knows that it is not there. The answer is 404."""
