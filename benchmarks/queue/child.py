"""Starts a load child: ``python -m benchmarks.queue.child NAME`` runs ``benchmarks.queue.load_NAME``."""

import importlib
import sys

import uvloop

from benchmarks.queue.orders import serve_orders

if __name__ == "__main__":
    uvloop.run(serve_orders(importlib.import_module(f"benchmarks.queue.load_{sys.argv[1]}").open_load))
