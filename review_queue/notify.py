"""Tells the other parts, in this process and in others, that something has changed.

A notification is a hint to look at the database, never the news itself: it may come twice, late, or, while
the connection is down, not at all. After a lost connection everybody is told to look. Within the process a
word arrives at once; to other processes words are gathered and sent by one connection, at most one NOTIFY per
50 ms, because a NOTIFY inside ``decide`` halves its throughput.

Topics: ``disposition`` (key: scan id), ``screening`` (a job exists), ``queue`` (its depth has changed),
``session`` (sessions have been ended by somebody else).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Self

import asyncpg

CHANNEL = "shenxiang"
FLUSH_S = 0.05
# PostgreSQL refuses payloads of 8000 bytes and more.
MAX_PAYLOAD_BYTES = 7900
MAX_PENDING = 10_000
MAX_KEY_CHARS = 200
PING_S = 15.0
RECONNECT_S = (0.1, 0.5, 2.0)
ANYTHING = ""
CONNECTION_LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


class Subscription(AsyncIterator[str]):
    """The keys of one topic as they are told, each once while it waits to be read.

    An ``async with`` block of its own: keys told before it begins or after it ends are not delivered. The key
    ``""`` means that anything of the topic may have changed. Iteration ends when the notifier is closed.
    """

    def __init__(self, notifier: "Notifier", topic: str) -> None:
        self._notifier = notifier
        self._topic = topic
        self._keys: dict[str, None] = {}
        self._changed = asyncio.Event()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        self._notifier.subscriptions.setdefault(self._topic, set()).add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._notifier.subscriptions[self._topic].discard(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self._keys:
            if self._is_closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        key = next(iter(self._keys))
        del self._keys[key]
        return key

    def tell(self, key: str) -> None:
        """Add a key; a reader that is far behind gets one ``""`` for all."""
        if len(self._keys) >= MAX_PENDING:
            self._keys.clear()
            key = ANYTHING
        self._keys[key] = None
        self._changed.set()

    def close(self) -> None:
        """End the iteration once the waiting keys are read."""
        self._is_closed = True
        self._changed.set()


class Notifier:
    """One per process. Works within the process even before ``start`` and while the database is away.

    Args:
        dsn: The database; one connection of its own is opened there, outside any pool.
        flush_s: The shortest time between two NOTIFYs.
    """

    def __init__(self, dsn: str, *, flush_s: float = FLUSH_S) -> None:
        self._dsn = dsn
        self._flush_s = flush_s
        self.subscriptions: dict[str, set[Subscription]] = {}
        self._n_told: Counter[str] = Counter()
        self._n_told_all = 0
        self._waiting: dict[tuple[str, str], set[asyncio.Future[None]]] = {}
        self._unsent: dict[tuple[str, str], None] = {}
        self._has_work = asyncio.Event()
        self._own_pid = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and begin to listen.

        Raises:
            OSError | asyncpg.PostgresError: If the database cannot be reached.
        """
        connection = await self._connect()
        self._task = asyncio.create_task(self._run(connection))

    async def close(self) -> None:
        """Send what is left, as far as the database can be reached, and end every subscription."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        for subscribers in self.subscriptions.values():
            for subscription in subscribers:
                subscription.close()

    def publish(self, topic: str, key: str) -> None:
        """Tell everybody; never waits, never fails. Call it after the commit.

        Args:
            topic: See the module's list; no spaces.
            key: What of the topic has changed; ``""`` for anything.
        """
        self._tell(topic, key)
        # A key that does not fit a line, or one too many, goes to the others as "anything may have changed".
        is_plain = len(key) <= MAX_KEY_CHARS and "\n" not in key and len(self._unsent) < MAX_PENDING
        self._unsent[topic, key if is_plain else ANYTHING] = None
        self._has_work.set()

    def n_told(self, topic: str) -> int:
        """Return how often anything of a topic may have been told here; for who looks from time to time."""
        return self._n_told[topic] + self._n_told_all

    def subscribe(self, topic: str) -> Subscription:
        """Return the keys of a topic: ``async with notifier.subscribe(t) as keys: async for key in keys``."""
        return Subscription(self, topic)

    async def wait_for(self, topic: str, key: str, timeout_s: float) -> bool:
        """Wait until a key is told; the caller then looks at the database, whatever the answer.

        Listening begins with the call, before its first suspension.

        Returns:
            Whether anything was told, which may be that everything may have changed; ``False`` on time-out.
        """
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault((topic, key), set())
        waiting.add(told)
        try:
            await asyncio.wait_for(told, timeout_s)
        except TimeoutError:
            return False
        finally:
            waiting.discard(told)
            if not waiting and self._waiting.get((topic, key)) is waiting:
                del self._waiting[topic, key]
        return True

    def _tell(self, topic: str, key: str) -> None:
        self._n_told[topic] += 1
        for subscription in self.subscriptions.get(topic, ()):
            subscription.tell(key)
        for waiting_topic, waiting_key in self._waiting if key == ANYTHING else [(topic, key)]:
            if waiting_topic == topic:
                for told in self._waiting.get((topic, waiting_key), ()):
                    if not told.done():
                        told.set_result(None)

    def _tell_all(self) -> None:
        self._n_told_all += 1
        for topic in {*self.subscriptions, *(topic for topic, _ in self._waiting)}:
            self._tell(topic, ANYTHING)

    def _on_notify(self, _connection: object, pid: int, _channel: str, payload: object) -> None:
        if pid == self._own_pid:
            return
        for line in str(payload).split("\n"):
            topic, _, key = line.partition(" ")
            self._tell(topic, key)

    async def _connect(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(
            self._dsn, timeout=10, server_settings={"application_name": "shenxiang notifier"}
        )
        self._own_pid = connection.get_server_pid()
        await connection.add_listener(CHANNEL, self._on_notify)
        connection.add_termination_listener(lambda _: self._has_work.set())
        return connection

    async def _run(self, connection: asyncpg.Connection) -> None:
        try:
            while True:
                with suppress(*CONNECTION_LOST):
                    await self._send_until_lost(connection)
                connection.terminate()
                connection = await self._reconnect()
                self._tell_all()
        finally:
            with suppress(*CONNECTION_LOST):
                await asyncio.wait_for(self._flush(connection), 1)
            connection.terminate()

    async def _reconnect(self) -> asyncpg.Connection:
        attempt = 0
        while True:
            await asyncio.sleep(RECONNECT_S[min(attempt, len(RECONNECT_S) - 1)])
            attempt += 1
            with suppress(*CONNECTION_LOST):
                return await self._connect()

    async def _send_until_lost(self, connection: asyncpg.Connection) -> None:
        while not connection.is_closed():
            try:
                # Not wait_for: in Python 3.11 it can swallow a cancellation that comes as the wait ends.
                async with asyncio.timeout(PING_S):
                    await self._has_work.wait()
            except TimeoutError:
                await connection.fetchval("SELECT 1", timeout=PING_S)
                continue
            self._has_work.clear()
            await self._flush(connection)
            await asyncio.sleep(self._flush_s)

    async def _flush(self, connection: asyncpg.Connection) -> None:
        while self._unsent:
            lines: list[str] = []
            n_bytes = 0
            for topic, key in self._unsent:
                line = f"{topic} {key}"
                n_bytes += len(line.encode()) + 1
                if lines and n_bytes > MAX_PAYLOAD_BYTES:
                    break
                lines.append(line)
            # Out before it is sent: a word that is published again meanwhile has to be sent again.
            taken = dict.fromkeys(list(self._unsent)[: len(lines)])
            for word in taken:
                del self._unsent[word]
            try:
                await connection.execute(
                    "SELECT pg_notify($1, $2)", CHANNEL, "\n".join(lines), timeout=PING_S
                )
            except BaseException:
                self._unsent = {**taken, **self._unsent}
                raise
