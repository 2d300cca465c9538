"""The ShortenerApp: a link shortener with its database, cache, web pods and route."""
