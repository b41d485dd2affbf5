"""The commands a newcomer and an analyst type, as processes of their own."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from app.demo import prepare_demo
from app.simulator import simulate_scan
from app.station import StationClient
from app.throwaway import throwaway_system
from datasets.synthetic import make_scan
from models.registry import find_pinned_file
from tests.e2e.attach import attached_pool

ROOT = Path(__file__).parents[2]


def shenxiang(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command line and return what it printed."""
    environment = {**os.environ, **{f"SHENXIANG_{name.upper()}": value for name, value in settings.items()}}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_selftest__every_promise_holds() -> None:
    """A throwaway system takes 20 scans to exactly one disposition each, and says so as one JSON object."""
    done = shenxiang("selftest", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["scans"] == report["dispositions"] == 20
    assert report["lost"] == 0
    assert report["audit_rows"] == report["decisions"] > 0


def test_screen__prints_findings_of_local_files(tmp_path: Path) -> None:
    """A scan file is screened with no server; a text file beside it gets an error with its code."""
    import cv2

    pixels = make_scan(10, height_px=500, width_px=1200, threat_probability=1.0).pixels
    cv2.imwrite(str(tmp_path / "high.png"), pixels[0])
    (tmp_path / "text.png").write_text("not a picture")
    done = shenxiang("screen", str(tmp_path / "high.png"), str(tmp_path / "text.png"), "--json")
    good, bad = json.loads(done.stdout)
    assert done.returncode == 1
    assert (good["width_px"], good["height_px"]) == (1200, 500)
    assert good["outcome"] in ("clear", "flag")
    assert bad["error"]["code"] == "image_unsupported"


async def test_rescore__beside_a_running_system__repeats_to_the_same_bytes(tmp_path: Path) -> None:
    """A second run gives the same result; a model that nobody pinned may be compared, but moves no case."""
    made = await asyncio.to_thread(simulate_scan, 10, as_tiff=True, threat_probability=1.0)
    model = find_pinned_file().path
    async with throwaway_system() as system:
        async with attached_pool(system) as pool:
            stations = await prepare_demo(pool)
            client = StationClient(system.url, stations[0].key)
            for number in range(3):
                await client.post_scan(made.files, made.scan, idempotency_key=str(number))
            # What the system itself said of a scan stands in the result, too.
            async with asyncio.timeout(60):
                while await pool.fetchval("SELECT count(*) FROM screening_jobs"):
                    await asyncio.sleep(0.1)
        runs = [
            await asyncio.to_thread(
                shenxiang,
                *("rescore", "--model", str(model), "--out", str(tmp_path / name), "--json"),
                data=str(system.data),
            )
            for name in ("first", "second")
        ]
        unpinned = _altered(model, tmp_path / "unpinned.onnx")
        only_seen, refused, moved = [
            await asyncio.to_thread(
                shenxiang,
                *("rescore", "--model", str(path), "--out", str(tmp_path / name), *options),
                data=str(system.data),
            )
            for path, name, options in (
                (unpinned, "third", ()),
                (unpinned, "fourth", ("--reprioritize",)),
                (model, "fifth", ("--reprioritize",)),
            )
        ]
    for run in (*runs, only_seen, moved):
        assert run.returncode == 0, run.stderr
    assert refused.returncode == 1
    assert "model_not_pinned" in refused.stderr
    assert not (tmp_path / "fourth").exists()
    assert json.loads(runs[0].stdout)["n_scans"] == 3
    first, second = ((tmp_path / name / "result.parquet").read_bytes() for name in ("first", "second"))
    assert first == second


def _altered(model: Path, path: Path) -> Path:
    """The same network in a file that nobody pinned."""
    graph = onnx.load(model)
    graph.doc_string = "trained elsewhere"
    onnx.save(graph, path)
    return path


async def test_place__beside_a_running_system__places_each_scan_once(tmp_path: Path) -> None:
    """With the pinned cargo model, beside the server that uses it, too; a lost manifest is one clear line."""
    made = await asyncio.to_thread(simulate_scan, 11, as_tiff=True, threat_probability=0.0)
    async with throwaway_system() as system, attached_pool(system) as pool:
        stations = await prepare_demo(pool)
        await StationClient(system.url, stations[0].key).post_scan(made.files, made.scan, idempotency_key="1")
        runs = [
            await asyncio.to_thread(shenxiang, "place", "--json", data=str(system.data)) for _ in range(2)
        ]
        lost = await asyncio.to_thread(
            shenxiang, "place", data=str(system.data), manifest=str(tmp_path / "gone.toml")
        )
        assert await pool.fetchval("SELECT count(*) FROM scan_embeddings") == 1
    assert [run.returncode for run in runs] == [0, 0], runs
    assert json.loads(runs[1].stdout) == {"n_placed": 0, "n_unreadable": 0}
    assert (lost.returncode, "model_not_pinned" in lost.stderr, "Traceback" in lost.stderr) == (
        1,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"port": "99999"}, 2), ({"database_url": "mysql://x/y"}, 1)],
    ids=["port out of range", "another database"],
)
def test_serve__bad_settings__one_clear_line(settings: dict[str, str], code: int, tmp_path: Path) -> None:
    """A wrong setting ends with a line that names it, not with a traceback."""
    done = shenxiang("serve", **{"data": str(tmp_path), **settings})
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "SHENXIANG_" in done.stderr


async def test_serve__second_process_on_one_data_folder__is_told_who_owns_it() -> None:
    """Two servers never share an embedded database's folder."""
    async with throwaway_system() as system:
        done = await asyncio.to_thread(shenxiang, "serve", data=str(system.data), port="0")
    assert done.returncode == 1
    assert "data_folder_in_use" in done.stderr


async def test_policy__first_sends_everything_to_people__then_what_is_set() -> None:
    """No model is trusted before an operator says so; an unknown field is refused with its name."""
    async with throwaway_system() as system:
        data = str(system.data)
        first = await asyncio.to_thread(shenxiang, "policy", "show", data=data)
        stored = await asyncio.to_thread(shenxiang, "policy", "set", '{"audit_sample": 0.1}', data=data)
        second = await asyncio.to_thread(shenxiang, "policy", "show", data=data)
        refused = await asyncio.to_thread(shenxiang, "policy", "set", '{"audit_smaple": 0}', data=data)
    assert json.loads(first.stdout)["audit_sample"] == 1.0
    assert stored.stdout.strip() == "2"
    assert (json.loads(second.stdout)["version"], json.loads(second.stdout)["audit_sample"]) == (2, 0.1)
    assert (refused.returncode, "audit_smaple" in refused.stderr) == (1, True)
