"""The guarded decoder with real child processes that are killed, stopped and starved."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import uvloop

from scans import px16
from scans.errors import (
    ChannelsDifferError,
    DecoderUnavailableError,
    ImageMalformedError,
    ImageTooLargeError,
    ImageUndecodableError,
    ImageUnsupportedError,
)
from scans.guard import GuardedDecoder
from scans.image_info import ImageLimits, MiB
from tests.dicos_files import dicos_dx

REPOSITORY = Path(__file__).parents[3]


def noise(height_px: int = 30, width_px: int = 50, seed: int = 1) -> npt.NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(0, 65536, (height_px, width_px)).astype(np.uint16)


def png(pixels: npt.NDArray[np.uint8 | np.uint16]) -> bytes:
    return bytes(imagecodecs.png_encode(pixels, level=1))


def two_pages(*pages: npt.NDArray[np.uint16]) -> bytes:
    return cv2.imencodemulti(".tiff", pages)[1].tobytes()


def children_of(pid: int) -> list[int]:
    """Return the decode children of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid and b"scans.decode_child" in command:
            found.append(int(folder.name))
    return found


def is_running(pid: int) -> bool:
    """Say whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descriptors_of(pid: int) -> list[str]:
    """Return what each open descriptor of a process refers to."""
    return [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]


def file_of(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


async def until(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Wait until a condition holds; fail if it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def children() -> Callable[[], list[int]]:
    """Return what lists the decode children started since the test began.

    Decoders that other tests keep for the whole run have children of the same parent.
    """
    others = set(children_of(os.getpid()))
    return lambda: [pid for pid in children_of(os.getpid()) if pid not in others]


@pytest.fixture
async def decoder() -> AsyncIterator[GuardedDecoder]:
    guarded = GuardedDecoder(n_workers=1)
    yield guarded
    await guarded.close()


async def test_prepare__small_after_large__same_child_and_nothing_of_the_last_scan(
    decoder: GuardedDecoder, children: Callable[[], list[int]]
) -> None:
    """What a child wrote for one scan does not lie behind the next one's bytes."""
    first = await decoder.prepare(png(noise(200, 300)))
    [child] = children()
    second = await decoder.prepare(png(noise(20, 30, seed=2)))
    assert children() == [child]
    assert len(second.px16_full) < len(first.px16_full)
    np.testing.assert_array_equal(px16.decode(second.px16_full)[0], noise(20, 30, seed=2))


async def test_decode_photo__is_rgb_and_no_larger_than_needed(decoder: GuardedDecoder) -> None:
    """A photo keeps its colours, a grey one has three alike, and a large one is halved until it fits."""
    colours = np.random.default_rng(1).integers(0, 256, (30, 50, 3)).astype(np.uint8)
    np.testing.assert_array_equal(await decoder.decode_photo(png(colours)), colours)
    grey = await decoder.decode_photo(png(noise()))
    np.testing.assert_array_equal(grey, np.repeat((noise() >> 8)[..., None], 3, axis=-1))
    wide = np.broadcast_to(np.array([200, 10, 60], np.uint8), (100, 4100, 3))
    jpeg = bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(wide)))
    photo = await decoder.decode_photo(jpeg)
    assert photo.shape == (25, 1025, 3)
    assert np.abs(photo.astype(int) - wide[0, 0]).max() <= 3


async def test_decode_photo__what_is_no_photo_is_refused(decoder: GuardedDecoder) -> None:
    """Two energies, a cut file and no image are the errors that a scan's would be, and cost no child."""
    cut = bytes(imagecodecs.jpeg8_encode(np.zeros((64, 64, 3), np.uint8)))[:-40] + b"\xff\xd9"
    for data, error in (
        (two_pages(noise(), noise()), ImageUnsupportedError),
        (cut, ImageUndecodableError),
        (b"text", ImageUnsupportedError),
    ):
        with pytest.raises(error):
            await decoder.decode_photo(data)


async def test_prepare__two_files_are_high_and_low_energy(decoder: GuardedDecoder) -> None:
    """What is kept decodes to exactly what was sent, full size and preview."""
    high, low = noise(seed=1), noise(seed=2)
    scan = await decoder.prepare(png(high), png(low))
    assert (scan.width_px, scan.height_px, scan.n_channels, scan.bit_depth) == (50, 30, 2, 16)
    np.testing.assert_array_equal(px16.decode(scan.px16_full), [high, low])
    preview = px16.downscale(np.stack([high, low]), 2)
    np.testing.assert_array_equal(px16.decode(scan.px16_preview), preview)
    assert px16.read_header(scan.px16_full).level == 0
    assert px16.read_header(scan.px16_preview).level == 2


async def test_prepare__one_file_of_two_pages_is_the_same(decoder: GuardedDecoder) -> None:
    """However the energies were packed, the stored form is the same bytes."""
    high, low = noise(seed=1), noise(seed=2)
    assert await decoder.prepare(two_pages(high, low)) == await decoder.prepare(png(high), png(low))


async def test_prepare__two_dicos_files_of_one_study_are_one_scan(decoder: GuardedDecoder) -> None:
    """The container is the one that the files name; files of different passes are not mixed."""
    high, low = noise(seed=1), noise(seed=2)
    scan = await decoder.prepare(dicos_dx(high), dicos_dx(low))
    assert (scan.n_channels, scan.container_no) == (2, "CSQU3054383")
    assert scan.px16_full == (await decoder.prepare(png(high), png(low))).px16_full
    for other in ({"StudyInstanceUID": "2.25.302"}, {"PatientID": "MSCU6639870"}):
        with pytest.raises(ChannelsDifferError):
            await decoder.prepare(dicos_dx(high), dicos_dx(low, **other))


async def test_prepare__one_energy_in_8_bit(decoder: GuardedDecoder) -> None:
    """Old scanners send one grey picture; its 255 is air."""
    pixels = (noise() >> 8).astype(np.uint8)
    scan = await decoder.prepare(png(pixels))
    assert (scan.n_channels, scan.bit_depth) == (1, 8)
    np.testing.assert_array_equal(px16.decode(scan.px16_full)[0], pixels.astype(np.uint16) * 257)


async def test_prepare__energies_that_do_not_fit_together(decoder: GuardedDecoder) -> None:
    """Other sizes, and a second file beside a file that already has both energies."""
    high = noise()
    for pair in (
        (png(high), png(noise(height_px=31))),
        (png(high), png(noise(width_px=49))),
        (two_pages(high, high), png(high)),
        (png(high), two_pages(high, high)),
    ):
        with pytest.raises(ChannelsDifferError):
            await decoder.prepare(*pair)


async def test_prepare__bad_images_keep_their_error_and_the_child(
    decoder: GuardedDecoder, children: Callable[[], list[int]]
) -> None:
    """What is wrong with a file crosses the process border; the child goes on to the next job."""
    await decoder.prepare(png(noise()))
    (pid,) = children()
    good = png(noise())
    photo = png(np.zeros((20, 20, 3), np.uint8))
    for data, error in (
        (b"text", ImageUnsupportedError),
        (photo, ImageUnsupportedError),
        (good[: len(good) // 2], ImageMalformedError),
        (good[:60] + b"\0" + good[61:], ImageUndecodableError),
    ):
        with pytest.raises(error):
            await decoder.prepare(data)
    await decoder.prepare(good)
    assert children() == [pid]


async def test_prepare__limits_hold_in_the_child() -> None:
    """The decoder judges sizes itself, whatever was checked before."""
    decoder = GuardedDecoder(n_workers=1, limits=ImageLimits(max_pixels=1000))
    with pytest.raises(ImageTooLargeError):
        await decoder.prepare(png(noise(30, 50)))
    await decoder.prepare(png(noise(20, 50)))
    await decoder.close()


async def test_prepare__too_much_memory_is_the_image_s_fault() -> None:
    """A picture beyond the memory limit is undecodable; the server and the next picture are unharmed."""
    decoder = GuardedDecoder(n_workers=1, memory_limit_bytes=400 * MiB)
    blank = png(np.zeros((9000, 9000), np.uint16))
    assert len(blank) < MiB
    with pytest.raises(ImageUndecodableError):
        await decoder.prepare(blank)
    await decoder.prepare(png(noise()))
    await decoder.close()


async def test_prepare__a_child_that_hangs_is_replaced(children: Callable[[], list[int]]) -> None:
    """A decoder that does not answer costs the time limit, once."""
    decoder = GuardedDecoder(n_workers=1, timeout_s=3)
    await decoder.prepare(png(noise()))
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(ImageUndecodableError, match="3 s"):
        await decoder.prepare(png(noise()))
    assert 2.9 < time.monotonic() - started < 15
    assert not is_running(pid)
    await decoder.prepare(png(noise()))
    await decoder.close()


async def test_prepare__an_idle_child_that_was_killed_is_replaced(
    decoder: GuardedDecoder, children: Callable[[], list[int]]
) -> None:
    """The out-of-memory killer may choose an idle child; nobody notices."""
    await decoder.prepare(png(noise()))
    (pid,) = children()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_running(pid))
    await decoder.prepare(png(noise()))
    assert children() != [pid]


async def test_prepare__a_child_killed_at_work_is_tried_once_more(
    decoder: GuardedDecoder, children: Callable[[], list[int]]
) -> None:
    """One kill from outside is not the image's fault: the job is done again in a fresh child."""
    await decoder.prepare(png(noise()))
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)  # so that it is surely killed in the middle
    pixels = noise()
    work = asyncio.create_task(decoder.prepare(png(pixels)))
    await asyncio.sleep(0.3)
    assert not work.done()
    os.kill(pid, signal.SIGKILL)
    scan = await asyncio.wait_for(work, 30)
    np.testing.assert_array_equal(px16.decode(scan.px16_full)[0], pixels)


async def test_prepare__an_image_that_kills_two_children_is_undecodable(
    decoder: GuardedDecoder, children: Callable[[], list[int]]
) -> None:
    """A picture that crashes the codec again and again is refused, and does not take the server along."""
    await decoder.prepare(png(noise()))
    work = asyncio.create_task(decoder.prepare(png(np.zeros((9000, 9000), np.uint16))))
    killed: set[int] = set()

    def kill_every_child() -> bool:
        for pid in set(children()) - killed:
            if decoder_is_busy(pid):
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
        return work.done()

    await until(kill_every_child, 60)
    with pytest.raises(ImageUndecodableError, match="twice"):
        await work
    assert len(killed) == 2
    await decoder.prepare(png(noise()))


def decoder_is_busy(pid: int) -> bool:
    """Say whether a child holds a whole picture, which only one at work does."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return "VmRSS" in status and int(status.partition("VmRSS:")[2].split()[0]) > 90_000


async def test_prepare__jobs_wait_their_turn(children: Callable[[], list[int]]) -> None:
    """More jobs than children: all are done, none is mixed up with another."""
    decoder = GuardedDecoder(n_workers=2)
    pictures = [noise(seed=seed) for seed in range(9)]
    scans = await asyncio.gather(*(decoder.prepare(png(pixels)) for pixels in pictures))
    for pixels, scan in zip(pictures, scans, strict=True):
        np.testing.assert_array_equal(px16.decode(scan.px16_full)[0], pixels)
    assert len(children()) == 2
    await decoder.close()


async def test_prepare__a_caller_who_goes_away_leaves_the_child_working(decoder: GuardedDecoder) -> None:
    """A station that hangs up cancels its request; the next one gets its own answer."""
    for _ in range(3):
        gone = asyncio.create_task(decoder.prepare(png(noise(400, 400, seed=1))))
        await asyncio.sleep(0.01)
        gone.cancel()
    pixels = noise(seed=2)
    scan = await decoder.prepare(png(pixels))
    np.testing.assert_array_equal(px16.decode(scan.px16_full)[0], pixels)


@pytest.mark.parametrize("program", ["/bin/false", "/nonexistent/python"])
async def test_prepare__no_child_can_be_started(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """A broken installation is our fault, not the image's: the sender is not told that it is bad."""
    monkeypatch.setattr(sys, "executable", program)
    decoder = GuardedDecoder(n_workers=1)
    with pytest.raises(DecoderUnavailableError):
        await asyncio.wait_for(decoder.prepare(png(noise())), 30)
    monkeypatch.undo()
    await decoder.prepare(png(noise()))
    await decoder.close()


async def test_close__ends_children_at_work_and_refuses_further_jobs(
    children: Callable[[], list[int]],
) -> None:
    """Closing does not wait for a decoder that hangs, and leaves no process behind."""
    decoder = GuardedDecoder(n_workers=2)
    await decoder.prepare(png(noise()))
    await until(lambda: len(children()) == 2)
    for pid in children():
        os.kill(pid, signal.SIGSTOP)
    work = [asyncio.create_task(decoder.prepare(png(noise()))) for _ in range(4)]
    await asyncio.sleep(0.2)
    await asyncio.wait_for(decoder.close(), 20)
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        assert isinstance(outcome, DecoderUnavailableError)
    with pytest.raises(DecoderUnavailableError):
        await decoder.prepare(png(noise()))
    assert children() == []


async def test_close__leaks_no_descriptor(children: Callable[[], list[int]]) -> None:
    """Replaced and closed children give back what they were handed."""
    before = sum("memfd:" in target or "socket:" in target for target in descriptors_of(os.getpid()))
    decoder = GuardedDecoder(n_workers=1)
    for _ in range(3):
        await decoder.prepare(png(noise()))
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)
    await decoder.close()
    after = sum("memfd:" in target or "socket:" in target for target in descriptors_of(os.getpid()))
    assert after == before


def test_prepare__under_uvloop_with_a_file_of_the_caller_open(children: Callable[[], list[int]]) -> None:
    """The server's own event loop is uvloop; children inherit nothing of it."""

    async def run() -> None:
        decoder = GuardedDecoder(n_workers=1)
        scan = await decoder.prepare(png(noise()))
        assert scan.width_px == 50
        (pid,) = children()
        targets = descriptors_of(pid)
        assert sum("memfd:" in target for target in targets) == 3
        assert sum("socket:" in target for target in targets) == 1
        assert not any(__file__ in target or "eventpoll" in target for target in targets)
        await decoder.close()

    with open(__file__):
        uvloop.run(run())


async def test_children__know_no_secrets(
    monkeypatch: pytest.MonkeyPatch, children: Callable[[], list[int]]
) -> None:
    """A hostile image that takes over its child finds no password there."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    monkeypatch.setenv("SHENXIANG_DATABASE_URL", "postgresql://planted")
    decoder = GuardedDecoder(n_workers=1)
    await decoder.prepare(png(noise()))
    (pid,) = children()
    assert "planted" not in file_of(pid, "environ")
    await decoder.close()


async def test_children__load_neither_torch_nor_servers(
    decoder: GuardedDecoder, children: Callable[[], list[int]]
) -> None:
    """A child starts in a fraction of a second because it imports only what it needs."""
    await decoder.prepare(png(noise()))
    await decoder.prepare(dicos_dx(noise()))
    (pid,) = children()
    maps = file_of(pid, "maps")
    assert "imagecodecs" in maps
    for unwanted in ("torch", "cv2", "onnxruntime", "_obstore", "asyncpg", "pydantic_core", "uvloop"):
        assert unwanted not in maps


def test_children__end_with_their_parent() -> None:
    """A server that is killed leaves no decoder behind, not even one at work."""
    script = textwrap.dedent(
        """
        import asyncio, sys
        from scans.guard import GuardedDecoder
        async def main():
            decoder = GuardedDecoder(n_workers=2)
            try:
                await decoder.prepare(b"text")
            except Exception:
                print("ready", flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=REPOSITORY) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        children = children_of(parent.pid)
        assert len(children) == 2
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 20
    while any(map(is_running, children)):
        assert time.monotonic() < deadline, "a child outlived its parent"
        time.sleep(0.05)
