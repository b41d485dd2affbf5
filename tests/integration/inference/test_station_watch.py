"""The agent beside a scanner that only drops files, before a real centre."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from app.station import CentreUnreachableError, StationRefusedError
from app.station.describe import ScanOptions
from app.station.folder_state import End, WatchedFolder
from tests.integration.inference.centre import VALID_CONTAINER_NO, Centre, digest_of, grey_scan, png
from tests.integration.inference.dropping import Death, Dropping, Killed, MortalTransport, make_mortal

SIDECAR = (
    f"<scan><ContainerId>{VALID_CONTAINER_NO}</ContainerId><ScanTime>2026-01-01T08:00:00Z</ScanTime></scan>"
).encode()


@pytest.fixture
def dropping(centre: Centre, key: str, tmp_path: Path) -> Dropping:
    """An empty folder."""
    path = tmp_path / "drop"
    path.mkdir()
    return Dropping(centre=centre, key=key, path=path)


def picture(seed: int = 0) -> bytes:
    """A scan's file."""
    return png(grey_scan(seed=seed))


def photo() -> bytes:
    """A gate photo."""
    ok, data = cv2.imencode(".jpg", np.full((60, 80, 3), 128, np.uint8))
    assert ok
    return bytes(data)


async def test_watch__pair_with_sidecar_becomes_one_scan(dropping: Dropping) -> None:
    """Both energies, container and time arrive; then the files lie in ``done``, the answer beside them."""
    dropping.drop(p_high__png=picture(1), p_low__png=picture(2), p__xml=SIDECAR, other__txt=b"stays")
    await dropping.rounds(dropping.watcher())
    (scan,) = await dropping.scans()
    assert scan["container_nos"] == [VALID_CONTAINER_NO]
    assert scan["scanned_at"].isoformat() == "2026-01-01T08:00:00+00:00"
    assert scan["n_channels"] == 2
    assert dropping.names("done") == ["p.xml", "p_high.png", "p_low.png"]
    assert dropping.names() == ["other.txt"]
    assert dropping.n_left() == 0
    assert dropping.told() == [("posted", "p")]
    (note,) = dropping.notes(End.DONE).values()
    assert note["scan_id"] == scan["scan_id"]
    assert note["files"] == ["p_high.png", "p_low.png", "p.xml"]


async def test_watch__files_of_a_real_dialect_become_one_scan(dropping: Dropping) -> None:
    """The sidecar's own list says which picture is the scan, which a thumbnail and which a gate photo."""
    listing = (
        f"<DataForm><ContainerId>{VALID_CONTAINER_NO}</ContainerId><Date>2026-01-01T08:00:00Z</Date>"
        '<Resource Type="img">007S.Img</Resource><Resource Type="img">007S.png</Resource>'
        '<Resource Type="img" IsPreview="true">007S_stamp.jpg</Resource>'
        '<Resource Type="OCRxml">007_ocr.xml</Resource>'
        '<Resource Type="OCRsnap">007_LEFT_ocr.jpg</Resource></DataForm>'
    ).encode("utf-16")
    files = {"007S__png": picture(), "007S_stamp__jpg": photo(), "007_LEFT_ocr__jpg": photo()}
    dropping.drop(**files, **{"007_ocr__xml": b"<ocr/>", "007__xml": listing, "007S__Img": b"closed"})
    await dropping.rounds(dropping.watcher())
    (scan,) = await dropping.scans()
    assert scan["container_nos"] == [VALID_CONTAINER_NO]
    assert json.loads(scan["gate_photos"]) == [digest_of(photo())]
    assert dropping.names("done") == [
        "007.xml", "007S.png", "007S_stamp.jpg", "007_LEFT_ocr.jpg", "007_ocr.xml",
    ]  # fmt: skip
    assert dropping.names() == ["007S.Img"]


async def test_watch__a_required_sidecar_is_waited_for(dropping: Dropping) -> None:
    """Images alone are no scan of a scanner that always writes a sidecar; patterns are ignored."""
    watcher = dropping.watcher(options=ScanOptions(needs_sidecar=True), ignored=("*_stamp.*",))
    dropping.drop(p__png=picture(), q__png=picture(1), p_stamp__png=picture(2))
    await dropping.rounds(watcher, n=8)
    assert await dropping.scans() == []
    dropping.drop(p__xml=SIDECAR)
    await dropping.rounds(watcher, n=8)
    assert len(await dropping.scans()) == 1
    assert dropping.notes(End.REFUSED)["q.png"]["code"] == "scan_incomplete"
    assert dropping.names() == ["p_stamp.png"]


async def test_watch__half_a_file_is_not_posted(dropping: Dropping) -> None:
    """A writer that pauses longer than files need to settle is waited for; a rename brings a whole file."""
    data = picture()
    watcher = dropping.watcher()
    dropping.drop(p__png=data[: len(data) // 2], q__png__part=picture(1))
    await dropping.rounds(watcher)
    assert await dropping.scans() == []
    with (dropping.path / "p.png").open("ab") as file:
        file.write(data[len(data) // 2 :])
    (dropping.path / "q.png.part").rename(dropping.path / "q.png")
    await dropping.rounds(watcher)
    assert len(await dropping.scans()) == 2
    assert dropping.names("done") == ["p.png", "q.png"]


async def test_watch__killed_at_any_step__neither_loses_nor_doubles(
    dropping: Dropping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a watcher was doing when it died, the next one ends with one scan and its files in done."""
    n_deaths = 0
    while True:
        death = Death(at=n_deaths + 1)
        dropping.drop(p_high__png=picture(2 * n_deaths), p_low__png=picture(2 * n_deaths + 1), p__xml=SIDECAR)
        with monkeypatch.context() as patched:
            make_mortal(patched, death)
            dying = dropping.watcher(transport=MortalTransport(dropping.transport(), death))
            try:
                await dropping.rounds(dying)
            except Killed:
                n_deaths += 1
            else:
                break
            finally:
                dropping.bury()
        await dropping.rounds(dropping.watcher())
        dropping.bury()
        assert len(await dropping.scans()) == n_deaths
        assert dropping.names() == []
        assert len(dropping.names("done")) == 3 * n_deaths
        assert len(dropping.notes(End.DONE)) == n_deaths
        assert dropping.n_left() == 0
    assert n_deaths > 30
    assert len(await dropping.scans()) == n_deaths + 1


async def test_watch__a_part_that_comes_while_nobody_watches_is_no_second_scan(dropping: Dropping) -> None:
    """What was being posted when the watcher died is posted as it was; the late part is told, not posted."""
    dropping.drop(p_high__png=picture(1))
    death = Death(at=4)  # after the scan was answered, before the answer was written down
    with pytest.raises(Killed):
        await dropping.rounds(dropping.watcher(transport=MortalTransport(dropping.transport(), death)))
    dropping.bury()
    assert len(await dropping.scans()) == 1
    dropping.drop(p_low__png=picture(2), p__xml=SIDECAR)
    await dropping.rounds(dropping.watcher(), n=14)
    assert len(await dropping.scans()) == 1
    assert dropping.names("done") == ["p_high.png"]
    assert dropping.names("refused") == ["p.xml", "p_low.png"]


async def test_watch__second_watcher_stands_by_and_takes_over(dropping: Dropping) -> None:
    """One posts; the other posts nothing until the first is gone."""
    first, second = dropping.watcher(), dropping.watcher()
    await dropping.rounds(first, n=1)
    dropping.drop(p__png=picture())
    await dropping.rounds(second)
    assert await dropping.scans() == []
    assert [event.event for event in dropping.events] == ["watching", "standing_by"]
    dropping.bury()
    await dropping.rounds(second)
    assert len(await dropping.scans()) == 1


async def test_watch__two_machines_without_a_lock_post_one_scan(
    dropping: Dropping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where locks do not reach, the record that is there first fixes the request of both."""
    for folder in (".shenxiang", *End):
        dropping.path.joinpath(folder).mkdir()
    monkeypatch.setattr(WatchedFolder, "lock", lambda self: True)
    # Other options would be another request under the same key.
    watchers = [dropping.watcher(), dropping.watcher(options=ScanOptions(direction="import"))]
    for number in range(5):
        dropping.drop(p_high__png=picture(2 * number), p_low__png=picture(2 * number + 1), p__xml=SIDECAR)
        for _ in range(6):
            ends = await asyncio.gather(
                *(watcher.run_round() for watcher in watchers), return_exceptions=True
            )
            assert all(end is None or isinstance(end, StationRefusedError) for end in ends), ends
            dropping.now_s += 1.0
    assert len(await dropping.scans()) == 5
    assert (dropping.names(), dropping.names("refused")) == ([], [])
    assert len(dropping.names("done")) == 15
    assert dropping.n_left() == 0


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"p__png": b"no picture"}, "image_unsupported"),
        ({"p_low__png": picture()}, "scan_incomplete"),
        ({"p__xml": SIDECAR}, "scan_incomplete"),
        ({"p__png": picture(), "p__json": b"{"}, "sidecar_malformed"),
        ({"p__png": picture(), "p__json": b'{"no": "1"}', "p__xml": SIDECAR}, "scan_files_invalid"),
        ({"p__png": picture(), "p__tif": picture()}, "scan_files_invalid"),
        ({"p__png": picture(), "p__xml": SIDECAR.replace(b"2026", b"1971")}, "request_invalid"),
        ({"p_high__png": picture(), "p_low__png": png(grey_scan(shape=(10, 10)))}, "channels_differ"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_watch__what_is_no_scan_is_set_aside_with_its_reason(
    dropping: Dropping, files: dict[str, bytes], code: str
) -> None:
    """The files lie in ``refused``, the code beside them; the scan after them is posted."""
    dropping.drop(**files, z__png=picture(9))
    await dropping.rounds(dropping.watcher(), n=12)
    assert dropping.names("refused") == sorted(name.replace("__", ".") for name in files)
    ((named, note),) = dropping.notes(End.REFUSED).items()
    assert note["code"] == code
    assert note["detail"]
    assert sorted(note["files"]) == dropping.names("refused")
    assert named in note["files"]
    assert dropping.names("done") == ["z.png"]
    assert len(await dropping.scans()) == 1


async def test_watch__mended_files_are_dropped_again(dropping: Dropping) -> None:
    """What was refused for its sidecar is a scan with a better one."""
    watcher = dropping.watcher()
    dropping.drop(p__png=picture(), p__json=b"{")
    await dropping.rounds(watcher, n=8)
    assert dropping.names("refused") == ["p.json", "p.png"]
    (dropping.path / "refused" / "p.png").rename(dropping.path / "p.png")
    dropping.drop(p__xml=SIDECAR)
    await dropping.rounds(watcher)
    assert [scan["container_nos"] for scan in await dropping.scans()] == [[VALID_CONTAINER_NO]]


async def test_watch__used_names_do_not_overwrite(dropping: Dropping) -> None:
    """A scanner that calls each pass the same keeps them all."""
    watcher = dropping.watcher()
    for seed in (1, 2):
        dropping.drop(p__png=picture(seed))
        await dropping.rounds(watcher)
    assert dropping.names("done") == ["p.png", "p~2.png"]
    assert (dropping.path / "done" / "p~2.png").read_bytes() == picture(2)
    assert len(await dropping.scans()) == len(dropping.notes(End.DONE)) == 2


async def test_watch__a_name_used_again_during_the_post_is_another_scan(dropping: Dropping) -> None:
    """What is written over a file while it is posted is not moved away as if it had been posted."""

    class Overwriting(httpx.AsyncBaseTransport):
        n_posts = 0

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                self.n_posts += 1
                if self.n_posts == 1:
                    dropping.drop(p__png=picture(2))
                    os.utime(dropping.path / "p.png", (1_800_000_000, 1_800_000_000))
            return await dropping.transport().handle_async_request(request)

    dropping.drop(p__png=picture(1))
    await dropping.rounds(dropping.watcher(transport=Overwriting()), n=9)
    assert len(await dropping.scans()) == 2
    assert (dropping.path / "done" / "p.png").read_bytes() == picture(2)
    assert dropping.names() == []


def problem(status: int, code: str) -> Callable[[httpx.Request], httpx.Response]:
    """A centre that always answers so."""
    return lambda request: httpx.Response(status, json={"code": code, "detail": "…"})


def away(request: httpx.Request) -> httpx.Response:
    """A centre that is not there."""
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("centre_is", "error"),
    [
        (away, CentreUnreachableError),
        (problem(507, "store_full"), StationRefusedError),
        (problem(503, "database_unavailable"), StationRefusedError),
        (problem(401, "station_key_invalid"), StationRefusedError),
        (problem(404, "unknown"), StationRefusedError),
        (problem(422, "digest_mismatch"), StationRefusedError),
    ],
    ids=["away", "full", "no database", "wrong key", "wrong address", "bad line"],
)
async def test_watch__trouble_of_the_centre_only_delays(
    dropping: Dropping, centre_is: Callable[[httpx.Request], httpx.Response], error: type[Exception]
) -> None:
    """Nothing is moved until the centre has spoken about the scan; then it is one scan."""
    dropping.drop(p__png=picture())
    troubled = dropping.watcher(transport=httpx.MockTransport(centre_is))
    await dropping.rounds(troubled, n=2)
    for _ in range(2):
        with pytest.raises(error):
            await troubled.run_round()
    assert dropping.names() == ["p.png"]
    dropping.bury()
    await dropping.rounds(dropping.watcher())
    assert len(await dropping.scans()) == 1
    assert dropping.names("done") == ["p.png"]


async def test_watch__one_scan_that_the_centre_cannot_take_holds_up_no_other(dropping: Dropping) -> None:
    """A picture that the centre stumbles over stays where it is; the next one is posted."""
    dropping.drop(a__png=picture(1), b__png=picture(2))
    poison = digest_of(picture(1))

    class Stumbling(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith(poison):
                return httpx.Response(503, json={"code": "decoder_unavailable"})
            return await dropping.transport().handle_async_request(request)

    watcher = dropping.watcher(transport=Stumbling())
    await dropping.rounds(watcher, n=2)
    with pytest.raises(StationRefusedError):
        await watcher.run_round()
    assert (dropping.names(), dropping.names("done")) == (["a.png"], ["b.png"])


async def test_run__tells_a_trouble_once_and_ends_when_the_key_is_unknown(
    dropping: Dropping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night without the centre is one line; a key that the centre does not know is no night."""
    answers = iter([away] * 5 + [problem(401, "station_key_invalid")])

    def answer(request: httpx.Request) -> httpx.Response:
        return next(answers)(request)

    pauses: list[float] = []

    async def sleep(delay_s: float) -> None:
        pauses.append(delay_s)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    watcher = dropping.watcher(transport=httpx.MockTransport(answer))
    with pytest.raises(StationRefusedError) as refused:
        await watcher.run(poll_s=1.0)
    assert refused.value.code == "station_key_invalid"
    assert [(event.event, event.code) for event in dropping.events] == [("delayed", "centre_unreachable")]
    assert len(pauses) == 5
    assert pauses[-1] > 2 * pauses[0]


async def test_watch__full_disk_at_the_station_only_delays(
    dropping: Dropping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without room for a record nothing is posted; with room again, one scan."""
    dropping.drop(p__png=picture())
    watcher = dropping.watcher()
    await dropping.rounds(watcher, n=2)
    with monkeypatch.context() as full:

        def no_room(*args: object) -> None:
            raise OSError(28, "No space left on device")

        full.setattr(WatchedFolder, "_write_new", no_room)
        with pytest.raises(OSError, match="No space"):
            await watcher.run_round()
        assert await dropping.scans() == []
    await dropping.rounds(watcher)
    assert len(await dropping.scans()) == 1
