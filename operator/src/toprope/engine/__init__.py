"""The pass and what drives it: bells, back-off, acting, status, Events. Knows kinds only by their door."""
