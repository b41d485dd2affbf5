"""The folder store's own promises: the order of flushing, full disks, and what crashed writers leave."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from scans.errors import StoreFullError, StoreUnavailableError
from scans.store import FolderStore, digest_of


def name_of(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every flush, rename and new folder in the order of the calls, each with its path."""
    seen: list[tuple[str, str]] = []
    fsync, replace, mkdir = os.fsync, os.replace, os.mkdir

    def watched_fsync(descriptor: int) -> None:
        seen.append(("fsync", name_of(descriptor)))
        fsync(descriptor)

    def watched_replace(source: Path, target: Path) -> None:
        seen.append(("replace", f"{source} {target}"))
        replace(source, target)

    def watched_mkdir(path: Path, mode: int = 0o777) -> None:
        mkdir(path, mode)
        seen.append(("mkdir", str(path)))

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    monkeypatch.setattr(os, "mkdir", watched_mkdir)
    return seen


async def test_put__flushes_bytes_then_renames_then_flushes_the_name(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    """The order of the system calls is what survives a power cut.

    Killing the process proves nothing here: after SIGKILL the kernel still holds what was never flushed,
    so that a store without any fsync passes such a test. Hence the order itself is asserted.
    """
    root = tmp_path / "new" / "store"
    store = FolderStore(root)
    for folder in (tmp_path / "new", root):
        made = calls.index(("mkdir", str(folder)))
        assert calls.index(("fsync", str(folder.parent)), made) > made
    calls.clear()

    digest = await store.put(b"data")

    shard, leaf = root / digest[:2], root / digest[:2] / digest[2:4]
    (renamed,) = [i for i, (kind, _) in enumerate(calls) if kind == "replace"]
    temporary, target = calls[renamed][1].split()
    assert Path(target) == leaf / digest
    flushed_bytes = calls.index(("fsync", temporary))
    flushed_name = calls.index(("fsync", str(leaf)), renamed)
    assert flushed_bytes < renamed < flushed_name
    for folder in (shard, leaf):
        made = calls.index(("mkdir", str(folder)))
        assert ("fsync", str(folder.parent)) in calls[made:flushed_name]
    await store.close()


async def test_put__flushes_folders_that_another_process_made(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    """A folder found is not a folder flushed: whoever made it may still be about to."""
    store = FolderStore(tmp_path)
    digest = digest_of(b"data")
    leaf = tmp_path / digest[:2] / digest[2:4]
    leaf.mkdir(parents=True)
    calls.clear()
    await store.put(b"data")
    for folder in (tmp_path, leaf.parent, leaf):
        assert ("fsync", str(folder)) in calls
    await store.close()


async def test_put__of_known_bytes_flushes_the_name_again(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    """The first writer may have renamed and not yet flushed, yet the second will say that it is durable."""
    store = FolderStore(tmp_path)
    digest = await store.put(b"data")
    calls.clear()
    await store.put(b"data")
    assert calls == [("fsync", str(tmp_path / digest[:2] / digest[2:4]))]
    await store.close()


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "mkdir"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_put__a_full_disk_leaves_nothing_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """Wherever the disk says that it is full, put fails with one error; with room again it works."""
    store = FolderStore(tmp_path)

    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(StoreFullError):
            await store.put(b"data")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not await store.exists(digest_of(b"data"))
    assert await store.put(b"data") == digest_of(b"data")
    assert await store.get(digest_of(b"data")) == b"data"
    await store.close()


async def test_put__a_half_written_object_never_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up in the middle of an object leaves no half object."""
    store = FolderStore(tmp_path)
    write, data = os.write, b"x" * 100_000

    def half(descriptor: int, view: memoryview) -> int:
        if len(view) < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, view[: len(view) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(StoreFullError):
            await store.put(data)
    assert not await store.exists(digest_of(data))
    await store.close()


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.EACCES])
async def test_put__a_failing_disk_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A flush that failed is never an acknowledgement."""
    store = FolderStore(tmp_path)

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreUnavailableError):
        await store.put(b"data")
    assert list((tmp_path / "tmp").iterdir()) == []
    await store.close()


async def test_put__survives_a_cleaner_that_took_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that starts between our open and our lock may remove our file; put writes it again."""
    store = FolderStore(tmp_path)
    flock = fcntl.flock
    robbed: list[str] = []

    def rob(descriptor: int, operation: int) -> None:
        if not robbed:
            robbed.append(name_of(descriptor))
            os.unlink(robbed[0])
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", rob)
    digest = await store.put(b"data")
    assert robbed
    assert await store.get(digest) == b"data"
    await store.close()


async def test_put__makes_its_folders_again(tmp_path: Path) -> None:
    """Folders are remembered as durable, but not believed to be there for ever."""
    store = FolderStore(tmp_path)
    digest = await store.put(b"data")
    leaf = tmp_path / digest[:2] / digest[2:4]
    (leaf / digest).unlink()
    leaf.rmdir()
    leaf.parent.rmdir()
    assert await store.put(b"data") == digest
    assert await store.get(digest) == b"data"
    await store.close()


def test_open__removes_what_a_killed_writer_left_and_nothing_else(tmp_path: Path) -> None:
    """A crash while writing costs disk space until the next start; a living writer loses nothing."""
    script = textwrap.dedent(
        """
        import os, sys, time
        from scans.folder_store import FolderStore
        store = FolderStore(sys.argv[1])
        def stop(source, target):
            print("writing", flush=True)
            time.sleep(60)
        os.replace = stop
        store._put(b"x" * 100_000, None)
        """
    )
    FolderStore(tmp_path)
    temporary = tmp_path / "tmp"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert len(list(temporary.iterdir())) == 1

        FolderStore(tmp_path)
        assert len(list(temporary.iterdir())) == 1, "the writer lives"

        writer.send_signal(signal.SIGKILL)
        writer.wait()
    FolderStore(tmp_path)
    assert list(temporary.iterdir()) == []
    assert [path for path in tmp_path.rglob("*") if len(path.name) == 64] == []


def test_open__a_file_in_the_way_is_told(tmp_path: Path) -> None:
    """A store that cannot be opened says so with the error of the package."""
    (tmp_path / "store").write_text("no folder")
    with pytest.raises(StoreUnavailableError, match="store"):
        FolderStore(tmp_path / "store")


async def test_check__a_full_or_read_only_disk_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readiness falls before a station is told 507."""
    store = FolderStore(tmp_path)
    await store.check()
    real = os.statvfs(tmp_path)

    def patched(**changes: int) -> None:
        names = ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree", "f_favail",
                 "f_flag", "f_namemax")  # fmt: skip
        values = [changes.get(name, getattr(real, name)) for name in names]
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(values))

    patched(f_bavail=0)
    with pytest.raises(StoreFullError):
        await store.check()
    patched(f_flag=os.ST_RDONLY)
    with pytest.raises(StoreUnavailableError):
        await store.check()
    await store.close()
