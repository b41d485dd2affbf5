"""Measures the review queue: its statements bare, over HTTP, beside other queues, deep, and under attack.

``python -m benchmarks.queue --json FILE`` or ``shenxiang bench queue --json FILE``; see benchmarks/README.md.
"""
