"""Gate photos beside the detector: they can send a scan to a person, and never release one."""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from inference.errors import EngineError
from inference.gate_photos import GatePhotos, PhotoReader, RapidReader
from inference.metrics import InferenceMetrics
from inference.scorer import ScoreResult
from scans.container_marks import TextLine, find_marks
from scans.guard import GuardedDecoder
from tests.integration.inference.centre import (
    VALID_CONTAINER_NO,
    Centre,
    FakeScorer,
    digest_of,
    grey_scan,
    png,
    post_scan,
    put_image,
)
from tests.integration.inference.test_screening import outcome_of, raising

OTHER_NO = "MSCU6639870"
FOLDER = os.environ.get("SHENXIANG_REAL_DATA")


def photo(*texts: str) -> bytes:
    """A photo of a container side with texts painted on it, one below the other."""
    pixels = np.full((360, 900, 3), (120, 70, 30), np.uint8)
    for row, text in enumerate(texts):
        at = (40, 90 + 110 * row)
        cv2.putText(pixels, text, at, cv2.FONT_HERSHEY_DUPLEX, 2.4, (240, 240, 240), 5, cv2.LINE_AA)
    return png(pixels)


@dataclass(kw_only=True)
class FakeReader:
    """A reader that says what a test wants, one answer a photo."""

    answers: list[Sequence[str] | Callable[[], None]]
    digest: str = "cd" * 32
    n_read: int = 0
    sizes: list[tuple[int, ...]] = field(default_factory=list)

    def read(self, pixels: NDArray[np.uint8]) -> list[TextLine]:
        answer = self.answers[self.n_read]
        self.n_read += 1
        self.sizes.append(pixels.shape)
        if callable(answer):
            answer()
            return []
        corners = ((0.0, 0.0), (200.0, 0.0), (200.0, 20.0), (0.0, 20.0))
        return [TextLine(text=text, score=0.9, corners=corners) for text in answer]


@dataclass(kw_only=True)
class Photos:
    """Posts scans with photos to a centre that reads them."""

    centre: Centre
    station: httpx.AsyncClient
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    async def screen(
        self,
        reader: PhotoReader,
        *photos: bytes,
        timeout_s: float = 5.0,
        scorer: FakeScorer | None = None,
        **changes: Any,
    ) -> dict[str, Any]:
        """Screen one clear scan with photos; returns what came of it."""

        def load() -> GatePhotos:
            return GatePhotos(
                store=self.centre.store,
                decoder=self.centre.decoder,
                reader=reader,
                timeout_s=timeout_s,
                metrics=InferenceMetrics(self.registry),
            )

        digests = [await put_image(self.station, data) for data in photos]
        load_scorer = None if scorer is None else lambda: scorer
        async with self.centre.screening(load_scorer, load_photos=load):
            scan = await post_scan(self.station, png(grey_scan()), gate_photos=digests, **changes)
            return {**await outcome_of(self.centre, scan["scan_id"], timeout_s=timeout_s + 5)}

    async def findings(self) -> list[dict[str, Any]]:
        """What the one screening found."""
        found: list[dict[str, Any]] = json.loads(
            await self.centre.pool.fetchval("SELECT findings FROM screenings")
        )
        return found

    def n_checks(self, outcome: str) -> float | None:
        """How many scans' photos came to this."""
        return self.registry.get_sample_value("shenxiang_gate_photo_checks_total", {"outcome": outcome})


@pytest.fixture
def photos(centre: Centre, station: httpx.AsyncClient) -> Photos:
    """A clear scan is released here, so that what a photo changes is seen."""
    return Photos(centre=centre, station=station)


async def test_gate_photos__another_number_goes_to_a_person(photos: Photos) -> None:
    """The finding says what was read, by which model, and opens a case although the detector saw nothing."""
    reader = FakeReader(answers=[["京A12345", OTHER_NO, "22G1"]])
    outcome = await photos.screen(reader, photo("x"))
    assert (outcome["case_reason"], outcome["disposition"]) == ("finding", None)
    [found] = await photos.findings()
    assert (found["kind"], found["text"]) == ("container_number_mismatch", f"{OTHER_NO} 22G1")
    assert (found["model_digest"], found["box_xyxy"]) == (reader.digest, None)
    assert photos.n_checks("mismatch") == 1


async def test_gate_photos__plates_are_stored_nowhere(photos: Photos) -> None:
    """Of a photo's text only the container's marks leave the reader."""
    await photos.screen(FakeReader(answers=[["京A12345", OTHER_NO]]), photo("x"))
    tables = [row[0] for row in await photos.centre.pool.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )]  # fmt: skip
    assert "screenings" in tables
    for table in tables:
        rows = await photos.centre.pool.fetch(f'SELECT t::text AS row FROM "{table}" t')
        assert not any("A12345" in row["row"] for row in rows), table


async def test_gate_photos__one_photo_with_the_right_number_is_enough(photos: Photos) -> None:
    """The next container in the picture is no mismatch, and what follows is not read any more."""
    reader = FakeReader(answers=[[OTHER_NO], [f" {VALID_CONTAINER_NO[:4]} {VALID_CONTAINER_NO[4:]}"], []])
    outcome = await photos.screen(reader, *(photo(str(n)) for n in range(3)))
    assert outcome["disposition"] == "release"
    assert reader.n_read == 2
    assert reader.sizes[0] == (360, 900, 3)
    assert photos.n_checks("agrees") == 1


async def test_gate_photos__the_policy_sets_the_threshold(photos: Photos) -> None:
    """Below the policy's threshold a mismatch is stored and flags nothing."""
    body = {"thresholds": {"container_number_mismatch": 0.95}, "audit_sample": 0}
    await photos.centre.pool.execute(
        "INSERT INTO policies (body, author) VALUES ($1::text::jsonb, 'test')", json.dumps(body)
    )
    outcome = await photos.screen(FakeReader(answers=[[OTHER_NO]]), photo("x"))
    assert outcome["disposition"] == "release"
    [found] = await photos.findings()
    assert found["threshold"] == 0.95


async def test_gate_photos__nothing_legible_says_nothing(photos: Photos) -> None:
    """Without a number that checks the scan goes its way."""
    outcome = await photos.screen(FakeReader(answers=[["MSCU6639871", "COSCO"]]), photo("x"))
    assert (outcome["disposition"], await photos.findings()) == ("release", [])
    assert photos.n_checks("unread") == 1


async def test_gate_photos__a_broken_reader_or_photo_says_nothing(photos: Photos) -> None:
    """What fails on one photo does not keep the next from being read, nor the scan from being screened."""

    def fail() -> None:
        raise EngineError("broken")

    def crash() -> None:
        raise ValueError("a bug")

    two_energies = png(grey_scan())[:-20] + bytes(20)
    digest = await photos.centre.store.put(two_energies)  # damaged after it was taken in
    await photos.centre.pool.execute(
        "INSERT INTO images (digest, format, size_bytes, width_px, height_px, n_channels, bit_depth)"
        " VALUES ($1, 'png', $2, 120, 80, 1, 16)",
        bytes.fromhex(digest),
        len(two_energies),
    )
    assert digest == digest_of(two_energies)
    reader = FakeReader(answers=[fail, crash, [OTHER_NO]])
    async with photos.centre.screening(load_photos=lambda: GatePhotos(
        store=photos.centre.store, decoder=photos.centre.decoder, reader=reader, timeout_s=5.0
    )):  # fmt: skip
        known = [await put_image(photos.station, photo(str(n))) for n in range(3)]
        scan = await post_scan(photos.station, png(grey_scan()), gate_photos=[digest, *known])
        outcome = await outcome_of(photos.centre, scan["scan_id"])
    assert outcome["case_reason"] == "finding"
    assert reader.n_read == 3


async def test_gate_photos__a_hanging_reader_costs_its_time_limit_only(photos: Photos) -> None:
    """The screening is stored without a word of the photos when their time is up."""
    may_end = threading.Event()

    def hang() -> None:
        may_end.wait(20)

    reader = FakeReader(answers=[hang])
    try:
        began_s = asyncio.get_running_loop().time()
        outcome = await photos.screen(reader, photo("x"), timeout_s=0.3)
        took_s = asyncio.get_running_loop().time() - began_s
    finally:
        may_end.set()
    assert (outcome["disposition"], outcome["n_screenings"]) == ("release", 1)
    assert took_s < 10
    assert photos.n_checks("failed") == 1


async def test_gate_photos__never_stand_in_for_the_model(photos: Photos) -> None:
    """A right number on a photo releases nothing when the model fails."""
    reader = FakeReader(answers=[[VALID_CONTAINER_NO]] * 9)
    outcome = await photos.screen(
        reader, photo("x"), scorer=FakeScorer(behave=raising(EngineError("broken")))
    )
    assert (outcome["case_reason"], outcome["disposition"]) == ("ai_unavailable", None)


@pytest.mark.parametrize("seen", ["MSCU6639870", "CSQU3054383"])
async def test_gate_photos__any_number_of_the_picture_agrees(photos: Photos, seen: str) -> None:
    """A photo shows one of the two containers that a truck carries."""
    reader = FakeReader(answers=[[seen]])
    outcome = await photos.screen(reader, photo("x"), other_container_nos=["MSCU 663987 0"])
    assert outcome["disposition"] == "release"
    assert photos.n_checks("agrees") == 1


async def test_gate_photos__without_a_number_to_compare_are_not_read(photos: Photos) -> None:
    """A scan posted without a container number is screened as before."""
    reader = FakeReader(answers=[])
    await photos.screen(reader, photo("x"), container_no=None)
    assert reader.n_read == 0


async def test_gate_photos__their_time_is_their_own(centre: Centre) -> None:
    """A detector that takes longer does not count as time of the photos."""

    async def screen_slowly() -> ScoreResult:
        await asyncio.sleep(0.3)
        return ScoreResult(findings=[], timings_ms={"infer": 300.0})

    reader = FakeReader(answers=[])
    checks = GatePhotos(store=centre.store, decoder=centre.decoder, reader=reader, timeout_s=5.0)
    result = await checks.beside(screen_slowly(), [], VALID_CONTAINER_NO, thresholds={})
    assert result.timings_ms["infer"] == 300.0
    assert result.timings_ms["photos"] < 200


@pytest.fixture(scope="module")
def rapid() -> RapidReader:
    """RapidOCR itself, where its packages are installed."""
    pytest.importorskip("rapidocr", reason="requirements/ocr.txt is not installed")
    return RapidReader()


async def test_rapid_reader__reads_a_painted_number(photos: Photos, rapid: RapidReader) -> None:
    """The real reader, on the real way from posted bytes to the case, reads a number painted in two parts."""
    outcome = await photos.screen(rapid, photo(f"{OTHER_NO[:4]} {OTHER_NO[4:]}", "22G1"), timeout_s=120.0)
    assert outcome["case_reason"] == "finding"
    [found] = await photos.findings()
    assert found["text"] == f"{OTHER_NO} 22G1"


def test_rapid_reader__other_models_are_refused(monkeypatch: pytest.MonkeyPatch, rapid: RapidReader) -> None:
    """A package with other weights than the pinned ones is not used."""
    from inference import gate_photos
    from models.errors import ModelNotPinnedError

    (name, _) = gate_photos.MODELS["Rec"]
    monkeypatch.setitem(gate_photos.MODELS, "Rec", (name, "0" * 64))
    with pytest.raises(ModelNotPinnedError):
        RapidReader()


@pytest.mark.skipif(not FOLDER, reason="SHENXIANG_REAL_DATA names no folder of real gate photos")
async def test_real_gate_photos__numbers_and_type_codes_are_read(
    decoder: GuardedDecoder, rapid: RapidReader
) -> None:
    """All seven real photos give the number and the type code that a person reads on them."""
    folder = Path(FOLDER or "") / "gate_photos_mit"
    images = json.loads((folder / "annotations.json").read_text())["images"]
    assert len(images) == 7
    for image in images:
        pixels = await decoder.decode_photo((folder / "images" / image["file_name"]).read_bytes())
        [marks, *others] = find_marks(rapid.read(pixels))
        assert (marks.number, marks.size_type) == (image["container_number"], image["iso_type_code"])
        assert others == []
