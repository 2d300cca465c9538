"""How a new release reaches users; shared by every kind, knows none of them."""
