"""What Ray is given and what comes back, without Ray; and that it is missing."""

import hashlib
import random
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from app.cli import app
from inference.errors import RayMissingError
from inference.rescore_parts import RESULT_SCHEMA
from inference.rescore_ray import (
    ModelFile,
    PartSorter,
    RayScorer,
    RayWorker,
    StoreAccess,
    cut_part,
)
from inference.rescore_run import PLAN_SCHEMA, RescoreRun
from inference.settings import EngineOptions, RayOptions
from inference.triage import StoredPolicy, TriagePolicy
from models.errors import ModelContractError
from scans.errors import StoreUnavailableError
from scans.store import S3Access
from tests.unit.inference.tiny_onnx import build_tiny_model

NOWHERE = StoreAccess(
    url="s3://scans/x",
    s3=S3Access(endpoint="http://127.0.0.1:1", region="x", access_key_id="x", secret_access_key="x"),
)


def model_file(data: bytes | None = None) -> ModelFile:
    """The tiny detector, or other bytes."""
    data = build_tiny_model() if data is None else data
    return ModelFile(data=data, digest=hashlib.sha256(data).hexdigest(), options=EngineOptions())


def run_of(n_scans: int, *, part_scans: int) -> RescoreRun:
    """A run whose scans are not stored anywhere."""
    rows = [
        {"scan_id": f"XR-{n}", "px16_full": f"{n:064x}", "modality": "cargo", "old_findings": []}
        for n in range(n_scans)
    ]
    return RescoreRun(
        folder=Path("/nowhere"),
        run_id="run",
        policy=StoredPolicy(version=1, policy=TriagePolicy()),
        part_scans=part_scans,
        plan=pa.Table.from_pylist(rows, schema=PLAN_SCHEMA),
    )


def worker(store: StoreAccess, model: ModelFile) -> RayWorker:
    return RayWorker(lambda: model, store, TriagePolicy())


def test_worker__rows_find_their_places_whatever_the_order(tmp_path: Path) -> None:
    """Blocks that come back shuffled make every part, in the order of the plan and of the result's form."""
    run = run_of(23, part_scans=10)
    working = worker(StoreAccess(url=str(tmp_path), s3=S3Access()), model_file())
    answers = [working(block) for index in range(run.n_parts) for block in cut_part(run, index, 3)]
    assert [len(answer) for answer in answers] == [3, 3, 3, 1] * 2 + [3]
    random.Random(7).shuffle(answers)
    sorter = PartSorter(run)
    parts = dict(done for answer in answers for done in sorter.add(answer))
    assert sorted(parts) == [0, 1, 2]
    for index, part in parts.items():
        assert part.schema == RESULT_SCHEMA
        assert part["scan_id"].to_pylist() == run.part_plan(index)["scan_id"].to_pylist()
        assert set(part["error"].to_pylist()) == {"object_missing"}


@pytest.mark.parametrize(
    ("model", "expected"),
    [(model_file(), StoreUnavailableError), (model_file(b"no model"), ModelContractError)],
    ids=["store away", "broken model"],
)
def test_worker__what_it_meets_ends_the_run(model: ModelFile, expected: type[Exception]) -> None:
    """A store that is away, or a model that does not load, is raised where the run is, and makes no row."""
    run = run_of(2, part_scans=2)
    [block] = cut_part(run, 0, 2)
    answer = worker(NOWHERE, model)(block)
    assert set(answer["scan_id"].to_pylist()) == {None}
    with pytest.raises(expected):
        list(PartSorter(run).add(answer))


def test_ray_scorer__without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for Ray where it is not is an error with its own code that says where to read on."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RayMissingError, match=r"docs/howto/ray\.md") as raised:
        RayScorer(model_file(), NOWHERE, RayOptions())
    assert raised.value.code == "ray_missing"
    assert (Path(__file__).parents[3] / "docs" / "howto" / "ray.md").exists()


def test_rescore__engine_is_threads_or_ray(tmp_path: Path) -> None:
    """Another word is bad usage, told before anything is opened."""
    command = ["rescore", "--model", "new.onnx", "--out", str(tmp_path / "run"), "--engine", "spark"]
    assert CliRunner().invoke(app, command).exit_code == 2
    assert not (tmp_path / "run").exists()
