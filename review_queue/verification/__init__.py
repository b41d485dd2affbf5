"""Verifies the audit trail: pure checks over its rows, and the queries that feed them (``run``)."""
