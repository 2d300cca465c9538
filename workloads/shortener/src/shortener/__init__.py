"""The link shortener: links, redirects and their statistics, tenant by tenant."""
