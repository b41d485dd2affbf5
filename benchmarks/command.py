"""What the command lines of benchmarks have in common: where the result goes, how much, and which parts."""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def make_parser(name: str, description: str, *, quick: str) -> argparse.ArgumentParser:
    """Return the parser of ``shenxiang bench NAME --json FILE [--quick]``; ``quick`` says what that does."""
    parser = argparse.ArgumentParser(prog=f"shenxiang bench {name}", description=description)
    parser.add_argument(
        "--json", type=_result_file, required=True, metavar="FILE", help="where the result goes"
    )
    parser.add_argument("--quick", action="store_true", help=quick)
    return parser


def _result_file(text: str) -> Path:
    """Return where a result goes; its folder is made before anything is measured for it."""
    file = Path(text)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def add_parts(parser: argparse.ArgumentParser, parts: Sequence[str]) -> None:
    """Add ``--only``: a list of some of the parts, by default all."""

    def chosen(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(parts):
            raise argparse.ArgumentTypeError(f"there is no part {', '.join(sorted(unknown))}")
        return names

    every = ",".join(parts)
    parser.add_argument(
        "--only", type=chosen, metavar="PARTS", default=every, help=f"some of {every}; others are null"
    )


def store_result(result: Mapping[str, Any], file: Path, *, shown: Iterable[str]) -> None:
    """Write a whole result, and print some of its keys."""
    file.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: result[key] for key in shown}, indent=1))
