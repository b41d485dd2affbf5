"""Measures scoring over HTTP against a bare loop on the same model, alternating within one run."""
