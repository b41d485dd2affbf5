"""Malformed uploads: a committed corpus, a mutator that knows the formats, and what they are thrown at."""
