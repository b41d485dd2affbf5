"""Measures the reviewer's page: ``make bench-ui JSON=FILE``."""
