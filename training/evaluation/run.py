"""Draw the benchmark's scans, let the models look, keep what they said.

One process per core, ONNX Runtime with one thread in each. What is found is appended to one file per model
and set of channels, named by the digests of the model and of the generator: an interrupted run goes on, a
changed model or generator starts anew.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from datasets.synthetic_folder import generator_digest
from training.evaluation.frozen import Benchmark, Part, draw_scan, list_truth
from training.evaluation.looking import Channels, ModelSession, digest_of
from training.evaluation.results import ImageResult
from training.jobs import run_jobs

FORMAT: Final = 1


@dataclass(frozen=True, kw_only=True)
class Look:
    """One model file given one set of channels; ``compared`` runs see the compared seeds only."""

    model: Path
    channels: Channels = Channels.AS_SCANNED
    compared: bool = False


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one look at one scan gave, and the CPU time of drawing and of looking."""

    part: Part
    result: ImageResult
    draw_s: float
    look_s: float


_Job = tuple[Benchmark, Part, int, tuple[Look, ...]]
_Key = tuple[Part, int]


def run_looks(
    benchmark: Benchmark, looks: Sequence[Look], *, cache: Path, workers: int
) -> dict[Look, list[Seen]]:
    """Look at every scan that is not in the cache.

    Args:
        benchmark: The seeds.
        looks: All of them are taken at a scan when it is drawn.
        cache: Folder for what was found.
        workers: Processes; 1 works in this one.

    Returns:
        In the order of the benchmark's seeds.
    """
    cache.mkdir(parents=True, exist_ok=True)
    paths = {look: cache / _name(benchmark, look) for look in looks}
    seen = {look: _read(path) for look, path in paths.items()}
    jobs = list(_missing(benchmark, seen))
    if jobs:
        _work(jobs, seen, paths, workers=workers)
    return {look: [found[key] for key in benchmark.seeds() if key in found] for look, found in seen.items()}


def _name(benchmark: Benchmark, look: Look) -> str:
    size = f"{benchmark.width_px}x{benchmark.height_px}"
    key = hashlib.sha256(f"{FORMAT} {generator_digest()} {size}".encode()).hexdigest()[:12]
    return f"{digest_of(look.model)[:12]}-{look.channels}-{key}.jsonl"


def _read(path: Path) -> dict[_Key, Seen]:
    found: dict[_Key, Seen] = {}
    if not path.exists():
        return found
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            part, row, draw_s, look_s = json.loads(line)
        except ValueError:  # the line that was being written when the run was stopped
            continue
        result = ImageResult.from_row(row)
        found[Part(part), result.number] = Seen(part=Part(part), result=result, draw_s=draw_s, look_s=look_s)
    return found


def _missing(benchmark: Benchmark, seen: Mapping[Look, Mapping[_Key, Seen]]) -> Iterable[_Job]:
    for part, seed in benchmark.seeds():
        looks = tuple(
            look
            for look, found in seen.items()
            if (part, seed) not in found and (not look.compared or benchmark.is_compared(part, seed))
        )
        if looks:
            yield benchmark, part, seed, looks


def _work(
    jobs: Sequence[_Job],
    seen: Mapping[Look, dict[_Key, Seen]],
    paths: Mapping[Look, Path],
    *,
    workers: int,
) -> None:
    open_looker = partial(_Looker, tuple(dict.fromkeys(look.model for look in seen)))
    found = run_jobs(open_looker, jobs, workers=workers, description="synthetic scans")
    for (_, part, seed, _), at_scan in zip(jobs, found, strict=True):
        for look, one in at_scan.items():
            seen[look][part, seed] = one
            _append(paths[look], one)


def _append(path: Path, seen: Seen) -> None:
    row = [seen.part, seen.result.to_row(), round(seen.draw_s, 4), round(seen.look_s, 4)]
    # A line that an interrupted run left unfinished must not swallow this one.
    with path.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


class _Looker:
    """Draws scans and has models look at them, in one process."""

    def __init__(self, models: Sequence[Path]) -> None:
        self._sessions = {path: ModelSession(path) for path in models}

    def __call__(self, job: _Job) -> dict[Look, Seen]:
        benchmark, part, seed, looks = job
        begin = time.process_time()
        scan = draw_scan(benchmark, part, seed)
        draw_s = time.process_time() - begin
        truth = list_truth(scan)
        found: dict[Look, Seen] = {}
        for look in looks:
            begin = time.process_time()
            boxes = self._sessions[look.model].look(look.channels.take(scan.pixels))
            result = ImageResult(truth=truth, boxes=boxes, number=seed, is_dual_energy=scan.is_dual_energy)
            # Rounded as on disk: a run that was interrupted must give the numbers of one that was not.
            result = ImageResult.from_row(result.to_row())
            found[look] = Seen(part=part, result=result, draw_s=draw_s, look_s=time.process_time() - begin)
        return found
