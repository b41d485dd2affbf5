"""Screening: what the model says is stored and acted on; whatever it fails to say goes to a person."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from datasets.synthetic.scene import make_scan
from inference.cargo_scorer import CargoScorer, load_pinned_cargo
from inference.errors import EngineError
from inference.scorer import ScoreResult
from inference.triage import ensure_policy
from models.errors import ModelNotPinnedError, ModelOutputError
from tests.integration.inference.centre import (
    QUICK,
    Centre,
    FakeScorer,
    grey_scan,
    png,
    post_scan,
    tiny_scorer,
)
from tests.seed import seed_policy
from tests.unit.inference.tiny_cargo import build_tiny_cargo


async def outcome_of(centre: Centre, scan_id: str, *, timeout_s: float = 5.0) -> dict[str, Any]:
    """Wait until a scan has left screening; returns what the database says of it."""
    async with asyncio.timeout(timeout_s):
        while await centre.pool.fetchval("SELECT 1 FROM screening_jobs WHERE scan_id = $1", scan_id):
            await asyncio.sleep(0.02)
    row = await centre.pool.fetchrow(
        """
        SELECT c.reason AS case_reason, c.risk AS case_risk, c.screening_id IS NOT NULL AS case_has_screening,
               d.disposition, d.source,
               (SELECT count(*) FROM screenings WHERE scan_id = $1) AS n_screenings
        FROM scans s LEFT JOIN cases c USING (scan_id) LEFT JOIN dispositions d USING (scan_id)
        WHERE s.scan_id = $1
        """,
        scan_id,
    )
    assert row is not None
    return dict(row)


def raising(error: Exception) -> Callable[[], list[ScoreResult]]:
    """What a broken engine does."""

    def behave() -> list[ScoreResult]:
        raise error

    return behave


async def test_screening__clear_scan_is_released_with_its_screening(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A scan in which nothing is seen is released, and the station hears of it."""
    async with centre.screening():
        scan = await post_scan(station, png(grey_scan()))
        answer = await station.get(f"/api/v1/scans/{scan['scan_id']}?wait=10")
    assert answer.json()["disposition"]["disposition"] == "release"
    assert answer.json()["disposition"]["source"] == "screening"
    row = await centre.pool.fetchrow("SELECT * FROM screenings")
    assert row is not None
    assert (row["outcome"], row["reason"], row["model_name"]) == ("clear", "clear", "tiny")
    assert row["model_digest"].hex() == tiny_scorer().info.digest
    assert json.loads(row["findings"]) == []
    assert json.loads(row["timings_ms"]).keys() == {"decode", "prepare", "infer", "post"}


async def test_screening__finding_opens_a_case(centre: Centre, station: httpx.AsyncClient) -> None:
    """A scan in which something is seen goes to a person with the screening that says what and where."""
    async with centre.screening():
        scan = await post_scan(station, png(grey_scan(dark=True)))
        outcome = await outcome_of(centre, scan["scan_id"])
    assert outcome["case_reason"] == "finding"
    assert outcome["case_has_screening"]
    assert outcome["disposition"] is None
    [first, *_] = json.loads(await centre.pool.fetchval("SELECT findings FROM screenings"))
    assert (first["kind"], first["box_xyxy"]) == ("dark", [20.0, 10.0, 40.0, 30.0])
    assert (await station.get(f"/api/v1/scans/{scan['scan_id']}")).json()["status"] == "review"


async def test_screening__pinned_cargo_model_tells_a_true_declaration_from_a_false_one(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """The same synthetic vehicle with its own papers and with others: a word on the line, and a case."""
    vehicle = make_scan(7_000_003, threat_probability=0.0, dual_energy=True, is_8bit=False)
    [line] = vehicle.declaration["lines"]
    pixels, pitch_mm = png(vehicle.pixels[0]), vehicle.pixel_pitch_mm
    async with centre.screening(load_cargo=load_pinned_cargo):
        for key, hs_code in (("true", line["hs_code"]), ("false", "2601111000")):
            declaration = {"declared_empty": False, "lines": [{**line, "hs_code": hs_code}]}
            scan = await post_scan(station, pixels, key=key, declaration=declaration, pixel_pitch_mm=pitch_mm)
            await outcome_of(centre, scan["scan_id"], timeout_s=20)
    rows = await centre.pool.fetch("SELECT findings, line_checks FROM screenings ORDER BY screening_id")
    assert [row["line_checks"] for row in rows] == [["agrees"], ["disagrees"]]
    kinds = [{finding["kind"] for finding in json.loads(row["findings"])} for row in rows]
    assert ["goods_mismatch" in found for found in kinds] == [False, True]
    places = await centre.pool.fetch("SELECT * FROM scan_embeddings ORDER BY stored_at")
    assert [place["headings"] for place in places] == [[line["hs_code"][:4]], ["2601"]]
    assert len(places[0]["embedding"]) == 128
    assert places[0]["embedding"] == places[1]["embedding"]


async def test_screening__declared_empty_with_cargo_opens_a_case(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """What the picture says against the declaration is stored with the digest of the model that saw it."""
    data = build_tiny_cargo()
    digest = hashlib.sha256(data).hexdigest()
    async with centre.screening(load_cargo=lambda: CargoScorer(data, digest)):
        line = {"line_no": 1, "hs_code": "4011200000", "description": "轮胎"}
        declaration = {"declared_empty": True, "lines": [line]}
        scan = await post_scan(station, png(grey_scan(dark=True)), declaration=declaration)
        outcome = await outcome_of(centre, scan["scan_id"])
        other = await post_scan(station, png(grey_scan()), key="2")
        undeclared = await outcome_of(centre, other["scan_id"])
    assert outcome["case_reason"] == "finding"
    stored = "SELECT findings FROM screenings WHERE scan_id = $1"
    findings = json.loads(await centre.pool.fetchval(stored, scan["scan_id"]))
    assert findings[-1]["kind"] == "declared_empty"
    assert findings[-1]["box_xyxy"] is None
    assert findings[-1]["model_digest"] == digest
    assert undeclared["disposition"] == "release"
    rows = await centre.pool.fetch("SELECT line_checks FROM screenings ORDER BY screening_id")
    assert [row["line_checks"] for row in rows] == [["unknown"], None]
    places = await centre.pool.fetch("SELECT model_digest, headings FROM scan_embeddings ORDER BY stored_at")
    assert [place["model_digest"].hex() for place in places] == [digest, digest]
    assert [place["headings"] for place in places] == [["4011"], []]


async def test_screening__invalid_container_number_is_not_released(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """Nobody knows which container would be released."""
    async with centre.screening():
        scan = await post_scan(station, png(grey_scan()), container_no="CSQU3054384")
        outcome = await outcome_of(centre, scan["scan_id"])
    assert (outcome["case_reason"], outcome["disposition"]) == ("declaration_mismatch", None)


async def test_screening__policy_decides_thresholds_and_sample(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """The newest policy counts from the next scan on, and every screening names its version."""
    async with centre.screening():
        first = await post_scan(station, png(grey_scan(dark=True)), key="1")
        await outcome_of(centre, first["scan_id"])
        async with centre.pool.acquire() as conn:
            strict = {"audit_sample": 1.0, "thresholds": {"dark": 1.0, "pitch_black": 1.0}}
            version = await seed_policy(conn, strict)
        second = await post_scan(station, png(grey_scan(dark=True)), key="2")
        outcome = await outcome_of(centre, second["scan_id"])
    assert outcome["case_reason"] == "sampled"
    stored = "SELECT policy_version FROM screenings WHERE scan_id = $1"
    assert await centre.pool.fetchval(stored, second["scan_id"]) == version


async def test_ensure_policy__writes_one_policy_with_a_salt(centre: Centre) -> None:
    """Processes that start together store one default policy, and never touch an existing one."""
    await centre.pool.execute("DELETE FROM policies")

    async def ensure() -> int:
        async with centre.pool.acquire() as conn:
            return await ensure_policy(conn)

    assert len(set(await asyncio.gather(*(ensure() for _ in range(5))))) == 1
    [body] = await centre.pool.fetch("SELECT body::text AS body FROM policies")
    assert len(json.loads(body["body"])["audit_salt"]) == 32


async def test_screening__nan_goes_to_a_person(centre: Centre, station: httpx.AsyncClient) -> None:
    """An answer that is no number is no answer: no screening, no release, a case that says why."""
    async with centre.screening(lambda: tiny_scorer("nan_when_dark")):
        scan = await post_scan(station, png(grey_scan(dark=True)))
        outcome = await outcome_of(centre, scan["scan_id"])
    assert (outcome["case_reason"], outcome["disposition"], outcome["n_screenings"]) == (
        "ai_unavailable",
        None,
        0,
    )
    detail = await centre.pool.fetchval("SELECT detail FROM audit WHERE event = 'screening_failed'")
    assert detail.startswith("model_output_invalid")


@pytest.mark.parametrize(
    "error", [EngineError("broken\x00\ud800"), MemoryError(), RuntimeError("not ours"), TimeoutError()]
)
async def test_screening__engine_error_is_retried_then_a_person(
    error: Exception, centre: Centre, station: httpx.AsyncClient
) -> None:
    """An engine that keeps failing costs a few tries and then a person, whatever it raises."""
    scorer = FakeScorer(behave=raising(error))
    async with centre.screening(lambda: scorer):
        scan = await post_scan(station, png(grey_scan()))
        outcome = await outcome_of(centre, scan["scan_id"])
    assert scorer.n_runs == QUICK.max_tries
    assert (outcome["case_reason"], outcome["n_screenings"]) == ("ai_unavailable", 0)
    assert outcome["case_risk"] == pytest.approx(0.5)


async def test_screening__passing_trouble_is_survived(centre: Centre, station: httpx.AsyncClient) -> None:
    """One failure is not the end: the next try counts."""
    left = [EngineError("once")]

    def behave() -> list[ScoreResult]:
        if left:
            raise left.pop()
        return [ScoreResult(findings=[], timings_ms={})]

    async with centre.screening(lambda: FakeScorer(behave=behave)):
        scan = await post_scan(station, png(grey_scan()))
        outcome = await outcome_of(centre, scan["scan_id"])
    assert (outcome["disposition"], outcome["source"]) == ("release", "screening")


async def test_screening__hung_engine_goes_to_a_person(centre: Centre, station: httpx.AsyncClient) -> None:
    """A run without end is cut off by its time limit."""

    def hang() -> list[ScoreResult]:
        time.sleep(1.5)
        return []

    settings = replace(QUICK, run_timeout_s=0.1, max_tries=2)
    async with centre.screening(lambda: FakeScorer(behave=hang), settings=settings):
        scan = await post_scan(station, png(grey_scan()))
        outcome = await outcome_of(centre, scan["scan_id"])
    assert (outcome["case_reason"], outcome["n_screenings"]) == ("ai_unavailable", 0)


async def test_screening__poison_scan_is_set_aside_without_running_it(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A scan that was in hand when two workers died is not tried a third time, and goes to a person."""
    scan = await post_scan(station, png(grey_scan()))
    await centre.pool.execute(
        "UPDATE screening_jobs SET tries = 2, worker = 'dead',"
        " leased_until = clock_timestamp() - interval '1 second'"
    )
    scorer = FakeScorer(behave=raising(AssertionError("it was run")))
    async with centre.screening(lambda: scorer):
        outcome = await outcome_of(centre, scan["scan_id"])
    assert scorer.n_runs == 0
    assert (outcome["case_reason"], outcome["n_screenings"]) == ("unscreenable", 0)


async def test_screening__job_of_one_dead_worker_is_taken_over(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A worker that died once costs one lease, not the scan."""
    scan = await post_scan(station, png(grey_scan()))
    await centre.pool.execute(
        "UPDATE screening_jobs SET tries = 1, worker = 'dead',"
        " leased_until = clock_timestamp() + interval '0.3 seconds'"
    )
    async with centre.screening():
        await asyncio.sleep(0.15)
        assert await centre.pool.fetchval("SELECT count(*) FROM screening_jobs") == 1
        outcome = await outcome_of(centre, scan["scan_id"])
    assert outcome["disposition"] == "release"


@pytest.mark.parametrize("damage", ["lost", "flipped"])
async def test_screening__unreadable_pixels_go_to_a_person(
    damage: str, centre: Centre, station: httpx.AsyncClient, tmp_path: Any
) -> None:
    """Pixels that were lost or damaged in the store cannot be screened and are never released."""
    scan = await post_scan(station, png(grey_scan()))
    digest = await centre.pool.fetchval("SELECT encode(px16_full, 'hex') FROM scans")
    [stored] = (tmp_path / "store").rglob(f"*{digest}")
    stored.chmod(0o600)
    if damage == "lost":
        stored.unlink()
    else:
        stored.write_bytes(stored.read_bytes()[:-1] + b"\x00")
    async with centre.screening():
        outcome = await outcome_of(centre, scan["scan_id"])
    assert (outcome["case_reason"], outcome["n_screenings"]) == ("unscreenable", 0)
    assert outcome["case_risk"] == pytest.approx(0.6)


async def test_screening__without_a_model_people_get_the_scans(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """If no model can be loaded, scans wait for the deadline and then go to people; none is released."""

    def load() -> FakeScorer:
        raise ModelNotPinnedError("no such model")

    settings = replace(QUICK, deadline_s=0.5)
    async with centre.screening(load, settings=settings) as worker:
        await asyncio.sleep(0.6)
        scan = await post_scan(station, png(grey_scan()))
        await asyncio.sleep(0.2)
        assert await centre.pool.fetchval("SELECT tries FROM screening_jobs") == 0
        outcome = await outcome_of(centre, scan["scan_id"])
        assert not worker.is_ready
    assert (outcome["case_reason"], outcome["disposition"]) == ("ai_unavailable", None)


async def test_screening__model_that_loads_late_is_used(centre: Centre, station: httpx.AsyncClient) -> None:
    """A model that becomes loadable is loaded without a restart, also after scans have waited for it."""
    n_loads = 0

    def load() -> Any:
        nonlocal n_loads
        n_loads += 1
        if n_loads < 3:
            raise ModelOutputError("not yet")
        return tiny_scorer()

    scan = await post_scan(station, png(grey_scan()))
    async with centre.screening(load, settings=replace(QUICK, reload_s=0.05)) as worker:
        outcome = await outcome_of(centre, scan["scan_id"])
        assert worker.is_ready
    assert outcome["disposition"] == "release"


async def test_screening__invalid_policy_releases_nothing(centre: Centre, station: httpx.AsyncClient) -> None:
    """A policy that cannot be read must not become another one in silence."""
    async with centre.pool.acquire() as conn:
        await seed_policy(conn, {"audit_sample": "often"})
    async with centre.screening():
        scan = await post_scan(station, png(grey_scan()))
        outcome = await outcome_of(centre, scan["scan_id"])
    assert (outcome["case_reason"], outcome["n_screenings"]) == ("ai_unavailable", 0)


async def test_screening__two_workers_screen_each_scan_once(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """Any number of workers share the jobs; no scan is screened twice or left out."""
    scans = [await post_scan(station, png(grey_scan(seed=n)), key=str(n)) for n in range(12)]
    scorer = FakeScorer(behave=lambda: [ScoreResult(findings=[], timings_ms={})])
    async with centre.screening(lambda: scorer), centre.screening(lambda: scorer):
        for scan in scans:
            await outcome_of(centre, scan["scan_id"])
    assert scorer.n_runs == 12
    assert await centre.pool.fetchval("SELECT count(*) FROM screenings") == 12
    assert await centre.pool.fetchval("SELECT count(*) FROM dispositions") == 12


async def test_screening__stopped_worker_finishes_what_runs_and_leaves_no_lease(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A drain finishes the scan in hand; what cannot finish in time is free for others at once."""

    def slow() -> list[ScoreResult]:
        time.sleep(0.3)
        return [ScoreResult(findings=[], timings_ms={})]

    first = await post_scan(station, png(grey_scan()), key="1")
    async with centre.screening(lambda: FakeScorer(behave=slow)):
        await leased(centre)
    assert (await outcome_of(centre, first["scan_id"]))["disposition"] == "release"

    def very_slow() -> list[ScoreResult]:
        time.sleep(1.5)
        return [ScoreResult(findings=[], timings_ms={})]

    await post_scan(station, png(grey_scan(seed=2)), key="2")
    settings = replace(QUICK, drain_s=0.05)
    async with centre.screening(lambda: FakeScorer(behave=very_slow), settings=settings):
        await leased(centre)
    job = await centre.pool.fetchrow("SELECT * FROM screening_jobs")
    assert job is not None
    assert (job["tries"], job["worker"], job["leased_until"]) == (0, None, None)


async def leased(centre: Centre) -> None:
    """Wait until a worker has taken a job."""
    async with asyncio.timeout(5):
        while not await centre.pool.fetchval("SELECT count(*) FROM screening_jobs WHERE worker IS NOT NULL"):
            await asyncio.sleep(0.01)


async def test_screening__lease_is_kept_while_the_worker_lives(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A scan that takes longer than a lease is not taken over while its worker is alive."""

    def slow() -> list[ScoreResult]:
        time.sleep(1.2)
        return [ScoreResult(findings=[], timings_ms={})]

    first, second = FakeScorer(behave=slow), FakeScorer(behave=slow)
    settings = replace(QUICK, lease_s=0.45)
    scan = await post_scan(station, png(grey_scan()))
    async with (
        centre.screening(lambda: first, settings=settings),
        centre.screening(lambda: second, settings=settings),
    ):
        await outcome_of(centre, scan["scan_id"])
    assert first.n_runs + second.n_runs == 1


async def test_screening__result_of_a_lost_lease_is_dropped(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A worker whose job was taken over writes nothing when it comes back."""

    def slow() -> list[ScoreResult]:
        time.sleep(0.4)
        return [ScoreResult(findings=[], timings_ms={})]

    await post_scan(station, png(grey_scan()))
    async with centre.screening(lambda: FakeScorer(behave=slow)):
        await leased(centre)
        await centre.pool.execute("UPDATE screening_jobs SET worker = 'other', tries = tries + 1")
    assert await centre.pool.fetchval("SELECT count(*) FROM screenings") == 0
    assert await centre.pool.fetchval("SELECT count(*) FROM dispositions") == 0
    assert await centre.pool.fetchval("SELECT worker FROM screening_jobs") == "other"
