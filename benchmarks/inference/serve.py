"""``shenxiang serve-model`` over a benchmark's models: ``python -m benchmarks.inference.serve MANIFEST``."""

import sys
from pathlib import Path

import uvloop

from app.logging import configure_logging
from app.model_server import run_model_server
from app.settings import Settings

if __name__ == "__main__":
    configure_logging(level="warning", as_json=True)
    uvloop.run(run_model_server(Settings(), manifest=Path(sys.argv[1])))
