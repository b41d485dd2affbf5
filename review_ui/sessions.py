"""Sessions: who is behind a cookie.

Invariants: a token is random, new at every login, and stored only as its sha256; a session ends at the
latest after a fixed time, after a time without activity, at logout, and when its account is disabled or
given another password. Each process believes a session for a few seconds without asking, unless it is told
that somebody has ended sessions: then it asks again. Where the word is lost, a session that was ended
elsewhere dies within that time. Time is the database's.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from review_queue import audit
from review_queue.cases import Reviewer, Role
from review_ui.accounts import Account, account_from_row
from review_ui.database import Pool

COOKIE = "sx_session"
SEEN_EVERY_S = 60.0
MAX_CACHED = 10_000

_LIVE = """
    s.revoked_at IS NULL AND a.disabled_at IS NULL AND s.expires_at > clock_timestamp()
    AND s.last_seen_at > clock_timestamp() - $2::interval
"""

_FIND = f"""
SELECT a.account_id, a.login, a.display_name, a.role, a.port, a.quals,
       extract(epoch FROM clock_timestamp() - s.last_seen_at)::float8 AS silent_s
FROM sessions s
JOIN accounts a USING (account_id)
WHERE s.token_sha256 = $1 AND {_LIVE}
"""

_STILL_LIVE = f"""
SELECT s.token_sha256 FROM sessions s JOIN accounts a USING (account_id)
WHERE s.token_sha256 = ANY ($1) AND {_LIVE}
"""

_SEE = "UPDATE sessions SET last_seen_at = clock_timestamp() WHERE token_sha256 = $1"

_OPEN = """
INSERT INTO sessions (token_sha256, account_id, created_at, last_seen_at, expires_at)
SELECT $1, $2, now_at, now_at, now_at + $3::interval FROM (SELECT clock_timestamp() AS now_at) AS clock
"""

_REVOKE = """
UPDATE sessions SET revoked_at = clock_timestamp() WHERE token_sha256 = $1 AND revoked_at IS NULL
"""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A live session: the account behind it, and the hash that names it."""

    token_sha256: bytes
    account: Account

    @property
    def actor(self) -> str:
        """Who acts, by the name that the trail has for them."""
        return audit.account_actor(self.account.account_id)

    def reviewer(self) -> Reviewer:
        """Return the account as the queue knows it."""
        return reviewer_of(self.account)


def reviewer_of(account: Account) -> Reviewer:
    """Return an account as the queue knows it."""
    return Reviewer(
        account_id=account.account_id, role=Role(account.role), port=account.port, quals=account.quals
    )


@dataclass(kw_only=True)
class _Known:
    session: Session
    checked_at: float
    silent_s: float
    n_endings: int


class SessionStore:
    """Opens, finds and revokes sessions."""

    def __init__(
        self,
        pool: Pool,
        *,
        max_s: float,
        idle_s: float,
        cache_s: float,
        n_endings: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the rules.

        Args:
            pool: Of a migrated database.
            max_s: See ``ReviewSettings``; likewise ``idle_s`` and ``cache_s``.
            idle_s: See ``max_s``.
            cache_s: See ``max_s``.
            n_endings: How often this process was told that somebody has ended sessions.
            clock: Seconds that never go back.
        """
        self._pool = pool
        self._n_endings = n_endings
        self._max = timedelta(seconds=max_s)
        self._idle = timedelta(seconds=idle_s)
        self._cache_s = cache_s
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def open(self, account: Account) -> str:
        """Begin a session and return its token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_OPEN, token_hash(token), account.account_id, self._max)
            await audit.record(connection, actor=audit.account_actor(account.account_id), event="logged_in")
        return token

    async def find(self, token: str, *, is_activity: bool = True) -> Session | None:
        """Return the live session of a token, or None.

        Args:
            token: From the cookie.
            is_activity: Whether a person caused the request. A page's heartbeats and event streams did not,
                and do not keep a session alive that its person has left.
        """
        digest = token_hash(token)
        known = self._known.get(digest)
        if known is None or not self._is_believed(known):
            known = await self._look_up(digest)
            if known is None:
                return None
        if is_activity and known.silent_s + self._clock() - known.checked_at >= SEEN_EVERY_S:
            known.silent_s = known.checked_at - self._clock()
            await self._pool.execute(_SEE, digest)
        return known.session

    async def still_live(self, digests: Collection[bytes]) -> set[bytes]:
        """Return which of these sessions, named by ``token_sha256``, have not ended: one query for all."""
        rows = await self._pool.fetch(_STILL_LIVE, list(digests), self._idle)
        return {bytes(row["token_sha256"]) for row in rows}

    async def revoke(self, session: Session) -> None:
        """End a session; this process forgets it at once."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_REVOKE, session.token_sha256)
            await audit.record(connection, actor=session.actor, event="logged_out")
        self._known.pop(session.token_sha256, None)

    def _is_believed(self, known: _Known) -> bool:
        return self._clock() - known.checked_at <= self._cache_s and known.n_endings == self._n_endings()

    async def _look_up(self, digest: bytes) -> _Known | None:
        n_endings = self._n_endings()
        row = await self._pool.fetchrow(_FIND, digest, self._idle)
        if row is None:
            self._known.pop(digest, None)
            return None
        session = Session(token_sha256=digest, account=account_from_row(row))
        known = _Known(
            session=session, checked_at=self._clock(), silent_s=row["silent_s"], n_endings=n_endings
        )
        self._known[digest] = known
        self._known.move_to_end(digest)
        while len(self._known) > MAX_CACHED:
            self._known.popitem(last=False)
        return known


def token_hash(token: str) -> bytes:
    """Return the sha256 under which a token is stored. A token has 256 random bits; no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
