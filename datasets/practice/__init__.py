"""Shapes of threats that only training shows; see `catalogue`."""
