"""Re-scoring the archive: complete, repeatable byte for byte, resumable, and no decision is altered."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from inference.errors import EngineError, RescoreError, RescoreMismatchError
from inference.rescore import rescore
from inference.rescore_parts import ThreadScorer
from inference.rescore_run import RescoreFilters
from inference.scorer import Scorer, ScoreResult
from inference.screening_store import finding_json
from models.finding import Finding
from review_queue.cases import CaseReason, Disposition
from review_queue.dispositions import record_disposition
from tests.integration.inference.centre import (
    FAKE_INFO,
    Centre,
    FakeScorer,
    grey_scan,
    png,
    post_scan,
    tiny_scorer,
)
from tests.integration.inference.test_screening import outcome_of
from tests.seed import seed_station

EVERYTHING = RescoreFilters()


def sees(score: float) -> FakeScorer:
    """A model that sees a gun everywhere, with this score."""
    finding = Finding(kind="gun", score=score, threshold=0.5, box_xyxy=(1.0, 2.0, 3.0, 4.0))
    return FakeScorer(behave=lambda: [ScoreResult(findings=[finding], timings_ms={"infer": 1.0})])


async def run(
    centre: Centre,
    out: Path,
    *,
    scorer: Scorer | None = None,
    filters: RescoreFilters = EVERYTHING,
    **options: Any,
) -> dict[str, Any]:
    """Re-score in parts of two."""
    return await rescore(
        pool=centre.pool,
        queue=centre.queue,
        scorer=ThreadScorer(scorer or tiny_scorer(), centre.store, n_workers=2),
        out=out,
        filters=filters,
        part_scans=2,
        **options,
    )


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a run."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


async def snapshot(centre: Centre) -> dict[str, Sequence[Any]]:
    """Everything that a decision is made of."""
    return {
        table: await centre.pool.fetch(f"SELECT * FROM {table} ORDER BY 1")
        for table in ("screenings", "cases", "ready", "decisions", "dispositions", "outbox", "audit", "scans")
    }


async def test_rescore__same_model_finds_no_difference(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """The archive through its own model gives what is stored, in the order of arrival, and alters nothing."""
    before = await snapshot(centre)
    seen: list[tuple[int, int]] = []
    summary = await run(centre, tmp_path / "run", progress=lambda done, n: seen.append((done, n)))
    assert await snapshot(centre) == before
    assert summary["n_scans"] == summary["n_scored"] == 5
    assert (summary["n_flagged"], summary["n_newly_flagged"], summary["n_no_longer_flagged"]) == (1, 0, 0)
    assert summary["score_shift"]["dark"] == {"n": 1, "mean": 0.0, "min": 0.0, "max": 0.0}
    assert seen == [(2, 5), (4, 5), (5, 5)]
    result = pq.read_table(tmp_path / "run" / "result.parquet").to_pylist()
    assert [row["scan_id"] for row in result] == archive
    assert result[1]["new_findings"] == result[1]["old_findings"] != []


async def test_rescore__repeating_gives_the_same_bytes(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """The same run in another folder is the same files, whatever the threads did in between."""
    await run(centre, tmp_path / "one")
    await run(centre, tmp_path / "two")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert files_of(tmp_path / "one").keys() == {
        "run.json",
        "scans.parquet",
        "part-00000.parquet",
        "part-00001.parquet",
        "part-00002.parquet",
        "result.parquet",
        "summary.json",
    }


async def test_rescore__stopped_run_is_taken_up_where_it_was_left(
    centre: Centre, archive: list[str], tmp_path: Path, station: httpx.AsyncClient
) -> None:
    """Finished parts are kept, a damaged one is made anew, and newer scans do not shift the rest."""
    await run(centre, tmp_path / "whole")
    n_runs = 0
    inner = tiny_scorer()

    class Dying(FakeScorer):
        def prepare(self, pixels: Any) -> Any:
            return inner.prepare(pixels)

        def run(self, items: Any, *, thresholds: Any = None) -> list[ScoreResult]:
            nonlocal n_runs
            n_runs += 1
            if n_runs > 3:
                raise EngineError("killed")
            return inner.run(items, thresholds=thresholds)

    dying = Dying(behave=list, info=inner.info)
    with pytest.raises(EngineError):
        await run(centre, tmp_path / "run", scorer=dying)
    assert "part-00000.parquet" in files_of(tmp_path / "run")
    assert "result.parquet" not in files_of(tmp_path / "run")
    await post_scan(station, png(grey_scan(seed=9)), key="later")
    (tmp_path / "run" / "part-00001.parquet").write_bytes(b"half a fi")
    await run(centre, tmp_path / "run")
    assert files_of(tmp_path / "run") == files_of(tmp_path / "whole")
    assert await run(centre, tmp_path / "run", scorer=dying) is not None  # nothing left to score


async def test_rescore__other_model_or_filters_need_another_folder(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """Results of two runs are never mixed."""
    await run(centre, tmp_path / "run")
    with pytest.raises(RescoreMismatchError, match="model"):
        await run(centre, tmp_path / "run", scorer=sees(0.9))
    with pytest.raises(RescoreMismatchError, match="filters"):
        await run(centre, tmp_path / "run", filters=RescoreFilters(port="YTN"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(RescoreMismatchError):
        await run(centre, tmp_path / "other")
    (tmp_path / "run" / "run.json").write_bytes(b"{}")
    with pytest.raises(RescoreError):
        await run(centre, tmp_path / "run")


async def test_rescore__filters_choose(
    centre: Centre, archive: list[str], tmp_path: Path, station: httpx.AsyncClient
) -> None:
    """Port, station and times choose scans; the end of a range is not in it."""
    async with centre.pool.acquire() as conn:
        other = centre.client(await seed_station(conn, "ST-2", "SKZ"))
    foreign = (await post_scan(other, png(grey_scan(seed=7))))["scan_id"]
    third_at = await centre.pool.fetchval("SELECT received_at FROM scans WHERE scan_id = $1", archive[2])

    async def chosen(name: str, filters: RescoreFilters) -> list[str]:
        await run(centre, tmp_path / name, filters=filters)
        return [row["scan_id"] for row in pq.read_table(tmp_path / name / "result.parquet").to_pylist()]

    assert await chosen("port", RescoreFilters(port="YTN")) == archive
    assert await chosen("station", RescoreFilters(station_id="ST-2")) == [foreign]
    assert await chosen("since", RescoreFilters(since=third_at, port="YTN")) == archive[2:]
    assert await chosen("until", RescoreFilters(until=third_at)) == archive[:2]
    future = datetime.now(UTC) + timedelta(days=1)
    assert await chosen("none", RescoreFilters(since=future)) == []


async def test_rescore__unreadable_scan_is_listed_not_fatal(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """A lost object is a line of the report."""
    digest = await centre.pool.fetchval(
        "SELECT encode(px16_full, 'hex') FROM scans WHERE scan_id = $1", archive[3]
    )
    [stored] = (tmp_path / "store").rglob(f"*{digest}")
    stored.unlink()
    summary = await run(centre, tmp_path / "run")
    assert summary["unreadable"] == [{"scan_id": archive[3], "error": "object_missing"}]
    assert (summary["n_scans"], summary["n_scored"]) == (5, 4)


async def close_case(centre: Centre, scan_id: str, *, disposition: str, cycle: int) -> None:
    """Give a scan its final word as a reviewer would."""
    async with centre.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "DELETE FROM ready WHERE case_id = (SELECT case_id FROM cases WHERE scan_id = $1)", scan_id
        )
        await conn.execute(
            "UPDATE cases SET closed_at = now(), disposition = $2 WHERE scan_id = $1", scan_id, disposition
        )
        await record_disposition(
            conn, scan_id=scan_id, cycle=cycle, disposition=Disposition(disposition), source="review"
        )


async def test_rescore__reopens_released_scans_once(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """Released scans in which the new model sees enough get a new cycle, once per run; old words stay."""
    await close_case(centre, archive[1], disposition="inspect", cycle=1)
    before = await centre.pool.fetch("SELECT * FROM dispositions ORDER BY scan_id")
    summary = await run(centre, tmp_path / "run", scorer=sees(0.9), reopen_above=0.8)
    assert (summary["n_newly_flagged"], summary["n_reopened"]) == (4, 4)
    assert await centre.pool.fetch("SELECT * FROM dispositions ORDER BY scan_id") == before
    rows = await centre.pool.fetch(
        "SELECT c.scan_id, c.cycle, c.reason, s.model_digest, s.engine"
        " FROM cases c JOIN screenings s USING (screening_id) WHERE c.cycle = 2 ORDER BY c.scan_id"
    )
    assert [row["scan_id"] for row in rows] == [archive[0], *archive[2:]]
    assert {row["reason"] for row in rows} == {CaseReason.REOPENED}
    assert {row["model_digest"].hex() for row in rows} == {FAKE_INFO.digest}
    assert {row["engine"] for row in rows} == {f"fake rescore:{summary['run_id']}"}
    for scan_id in (archive[0], *archive[2:]):
        await close_case(centre, scan_id, disposition="release", cycle=2)
    for folder in ("run", "again"):
        again = await run(centre, tmp_path / folder, scorer=sees(0.9), reopen_above=0.8)
        assert (again["run_id"], again["n_reopened"]) == (summary["run_id"], 0)


async def test_rescore__reopens_nothing_below_the_risk(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """A finding just over its threshold is a risk of one half, and stays in the report."""
    summary = await run(centre, tmp_path / "run", scorer=sees(0.51), reopen_above=0.8)
    assert (summary["n_newly_flagged"], summary["n_reopened"]) == (4, 0)


async def test_rescore__another_run_may_reopen_again(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """'Once' is per run: another model may ask again, but not while a person has the case."""
    await run(centre, tmp_path / "one", scorer=sees(0.9), reopen_above=0.8)
    newer = sees(0.95)
    newer.info = replace(FAKE_INFO, version="2", digest="cd" * 32)
    assert (await run(centre, tmp_path / "two", scorer=newer, reopen_above=0.8))["n_reopened"] == 0


async def test_rescore__brings_open_cases_forward_once(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """An open case that the new model flags with more risk comes sooner and shows what that model saw."""
    async with centre.pool.acquire() as conn, conn.transaction():
        assert await centre.queue.reprioritize_case(
            conn,
            archive[1],
            reason=CaseReason.FINDING,
            risk=0.4,
            screening_id=None,
            actor="system:test",
            may_lower=True,
        )
    [before] = await centre.pool.fetch("SELECT * FROM ready")
    summary = await run(centre, tmp_path / "run", scorer=sees(0.9), reprioritize=True)
    assert summary["n_reprioritized"] == 1
    assert "n_reopened" not in summary
    [after] = await centre.pool.fetch("SELECT * FROM ready")
    assert after["case_id"] == before["case_id"]
    assert after["rank"] >> 58 < before["rank"] >> 58
    row = await centre.pool.fetchrow(
        "SELECT c.scan_id, c.risk, c.reason, s.engine FROM cases c JOIN screenings s USING (screening_id)"
    )
    assert row is not None
    assert (row["scan_id"], row["reason"]) == (archive[1], CaseReason.FINDING)
    assert row["risk"] == pytest.approx(0.9)
    assert row["engine"] == f"fake rescore:{summary['run_id']}"
    assert await centre.pool.fetchval("SELECT count(*) FROM audit WHERE actor = 'system:rescore'") == 1
    stored = await snapshot(centre)
    assert (await run(centre, tmp_path / "run", scorer=sees(0.9), reprioritize=True))["n_reprioritized"] == 0
    assert await snapshot(centre) == stored


async def test_rescore__less_risk_puts_no_case_back(
    centre: Centre, archive: list[str], tmp_path: Path
) -> None:
    """A model that sees less than was seen changes no case and stores nothing."""
    stored = await snapshot(centre)
    old_risk = await centre.pool.fetchval("SELECT risk FROM cases")
    assert old_risk > 0.5
    summary = await run(centre, tmp_path / "run", scorer=sees(0.5), reprioritize=True)
    assert (summary["n_flagged"], summary["n_reprioritized"]) == (5, 0)
    assert await snapshot(centre) == stored


async def test_rescore__what_was_found_beside_the_detector_stays_whole(
    centre: Centre, station: httpx.AsyncClient, tmp_path: Path
) -> None:
    """The screening for a case and the run's table still say which number was read, and by which model."""
    gun = Finding(kind="gun", score=0.6, threshold=0.5, box_xyxy=(1.0, 2.0, 3.0, 4.0))
    number = Finding(
        kind="container_number_mismatch",
        score=0.9,
        threshold=0.5,
        box_xyxy=None,
        model_digest="cd" * 32,
        text="MSCU6639870 22G1",
    )
    before = FakeScorer(behave=lambda: [ScoreResult(findings=[gun, number], timings_ms={})])
    async with centre.screening(lambda: before):
        scan = await post_scan(station, png(grey_scan()))
        await outcome_of(centre, scan["scan_id"])
    summary = await run(centre, tmp_path / "run", scorer=sees(0.99), reprioritize=True)
    assert summary["n_reprioritized"] == 1
    row = await centre.pool.fetchrow(
        "SELECT s.findings FROM cases c JOIN screenings s USING (screening_id) WHERE c.risk > 0.95"
    )
    assert row is not None
    [seen, kept] = json.loads(row["findings"])
    assert (seen["kind"], seen["score"]) == ("gun", 0.99)
    assert kept == finding_json(number)
    [result] = pq.read_table(tmp_path / "run" / "result.parquet").to_pylist()
    assert result["old_findings"][1] == result["new_findings"][1] == finding_json(number)
