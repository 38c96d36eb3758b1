"""One file per provider: hand over a batch, parse its events, verify its signature."""
