"""Campaign copy and readers -> variants with slots; proofs; checks."""
