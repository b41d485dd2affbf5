"""Breaks everything around the review queue while reviewers work, and checks what they were told.

``python -m benchmarks.queue_faults`` runs it; docs/explanation/queue-faults.md says what is checked and what
that proves. ``run.run_faults`` and ``planted.run_planted`` are for ``shenxiang bench queue``.
"""
