"""The core: which reviewer gets which case, and what becomes of it. Knows PostgreSQL and nothing else."""
