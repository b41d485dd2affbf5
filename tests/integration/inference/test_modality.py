"""A scan's modality: who says it, and what it decides."""

import hashlib
from pathlib import Path

import httpx
import pytest

from app.simulator import encode_channels
from datasets.passenger_cars import make_car_scan
from datasets.synthetic import make_scan
from inference.scorer import EngineScorer, ScoreResult, load_scorers_by_modality
from inference.triage import ModalityPolicy, TriagePolicy, store_policy
from models.errors import ModelNotPinnedError
from scans.modality import Modality
from tests.dicos_files import dicos_dx
from tests.integration.inference.centre import Centre, FakeScorer, grey_scan, png, post_scan
from tests.integration.inference.test_screening import outcome_of
from tests.manifest_key import sign_manifest
from tests.unit.inference.tiny_onnx import build_tiny_model


async def stored_modality(centre: Centre, scan_id: str) -> str:
    found = await centre.pool.fetchval("SELECT modality FROM scans WHERE scan_id = $1", scan_id)
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, "under_vehicle"), ({"modality": "passenger_vehicle"}, "passenger_vehicle")],
)
async def test_post__files_say_what_was_scanned_unless_the_station_does(
    centre: Centre, station: httpx.AsyncClient, said: dict[str, str], expected: str
) -> None:
    """The description of a DICOS study is read where the station says nothing."""
    data = dicos_dx(grey_scan(), OOIType="OTHER", StudyDescription="under vehicle")
    scan = await post_scan(station, data, **said)
    assert await stored_modality(centre, scan["scan_id"]) == expected


async def test_post__cargo_is_what_nobody_names_otherwise(centre: Centre, station: httpx.AsyncClient) -> None:
    scan = await post_scan(station, png(grey_scan()))
    assert await stored_modality(centre, scan["scan_id"]) == "cargo"


async def test_screening__one_synthetic_scan_of_each(centre: Centre, station: httpx.AsyncClient) -> None:
    """With the models that come with the program, cars are screened like cargo and undersides go to people.

    No model has learnt what an underside looks like, so none may clear one.
    """
    pictures = {
        Modality.CARGO: make_scan(1, height_px=300, width_px=700, dual_energy=True, is_8bit=False).pixels,
        Modality.PASSENGER_VEHICLE: make_car_scan(1).pixels,
        Modality.UNDER_VEHICLE: make_car_scan(1, is_underside=True).pixels,
    }
    screened: dict[Modality, tuple[int, str | None]] = {}
    async with centre.screening(load_others=load_scorers_by_modality):
        for modality, pixels in pictures.items():
            (file,) = encode_channels(pixels, as_tiff=True)
            digest = hashlib.sha256(file.data).hexdigest()
            await station.put(f"/api/v1/images/{digest}", content=file.data)
            body = {
                "images": [{"digest": digest, "channel": "dual"}],
                "scanned_at": "2026-01-01T00:00:00Z",
                "modality": modality,
            }
            answer = await station.post("/api/v1/scans", json=body, headers={"Idempotency-Key": modality})
            outcome = await outcome_of(centre, answer.json()["scan_id"], timeout_s=20)
            reason = outcome["case_reason"] if not outcome["n_screenings"] else None
            screened[modality] = outcome["n_screenings"], reason
    assert screened == {
        Modality.CARGO: (1, None),
        Modality.PASSENGER_VEHICLE: (1, None),
        Modality.UNDER_VEHICLE: (0, "ai_unavailable"),
    }
    said = await centre.pool.fetchval("SELECT detail FROM audit WHERE event = 'screening_failed'")
    assert said == "no model has learnt under_vehicle"


async def test_screening__a_modality_has_its_own_model_and_rules(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """Cars are seen by another model, and people see all of them; containers are as ever."""
    blind = FakeScorer(behave=lambda: [ScoreResult(findings=[], timings_ms={})])
    async with centre.pool.acquire() as connection:
        policy = TriagePolicy(
            audit_sample=0.0, by_modality={Modality.PASSENGER_VEHICLE: ModalityPolicy(audit_sample=1.0)}
        )
        await store_policy(connection, policy, author="system:test")
    async with centre.screening(load_others=lambda: {Modality.PASSENGER_VEHICLE: blind}):
        dark = png(grey_scan(dark=True))
        car = await post_scan(station, dark, key="car", modality="passenger_vehicle")
        container = await post_scan(station, dark, key="container")
        seen = {name: await outcome_of(centre, scan["scan_id"]) for name, scan in
                (("car", car), ("container", container))}  # fmt: skip
    assert blind.n_runs == 1
    assert seen["car"]["case_reason"] == "sampled"
    assert seen["container"]["case_reason"] == "finding"
    rows = await centre.pool.fetch("SELECT scan_id, model_name FROM screenings")
    assert {row["scan_id"]: row["model_name"] for row in rows} == {
        car["scan_id"]: "fake",
        container["scan_id"]: "tiny",
    }


def test_load_scorers_by_modality__only_pinned_ones(tmp_path: Path) -> None:
    """A model of a modality is pinned like any other, and a modality that is none is a mistake."""
    data = build_tiny_model()
    (tmp_path / "tiny.onnx").write_bytes(data)
    pinned = {"name": "tiny", "file": "tiny.onnx", "sha256": hashlib.sha256(data).hexdigest()}
    path, keys = tmp_path / "manifest.json", [tmp_path / "manifest-key.pem"]

    def write(by_modality: dict[str, str | None]) -> None:
        sign_manifest(path, {"default": "tiny", "models": [pinned], "by_modality": by_modality})

    write({"passenger_vehicle": "tiny", "under_vehicle": None})
    loaded = load_scorers_by_modality(path, keys=keys)
    assert isinstance(loaded[Modality.PASSENGER_VEHICLE], EngineScorer)
    assert loaded[Modality.UNDER_VEHICLE] is None
    write({"passenger_vehicle": "other"})
    with pytest.raises(ModelNotPinnedError, match="other"):
        load_scorers_by_modality(path, keys=keys)
    write({"bicycle": "tiny"})
    with pytest.raises(ModelNotPinnedError, match="bicycle"):
        load_scorers_by_modality(path, keys=keys)
