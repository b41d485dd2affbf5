"""The notifier within a process, between processes, and over a lost connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from review_queue.notify import MAX_PENDING, Notifier

NOBODY = "postgresql://nobody@127.0.0.1:1/none"


@contextlib.asynccontextmanager
async def started(dsn: str, flush_s: float = 0.05) -> AsyncIterator[Notifier]:
    """A notifier that is closed again."""
    notifier = Notifier(dsn, flush_s=flush_s)
    await notifier.start()
    try:
        yield notifier
    finally:
        await notifier.close()


async def told_within(notifier: Notifier, topic: str, key: str, timeout_s: float = 5) -> "asyncio.Task[bool]":
    """A task that already listens."""
    task = asyncio.create_task(notifier.wait_for(topic, key, timeout_s))
    await asyncio.sleep(0)
    return task


@pytest.fixture
async def pair(database_url: str) -> AsyncIterator[tuple[Notifier, Notifier]]:
    """Two notifiers on one database, as two processes have them."""
    async with started(database_url) as here, started(database_url) as there:
        yield here, there


def listener_pids() -> str:
    """SQL naming the notifiers' backends of this database."""
    return (
        "SELECT pid FROM pg_stat_activity"
        " WHERE application_name = 'shenxiang notifier' AND datname = current_database()"
    )


async def test_publish__wakes_waiters_of_the_same_process_without_a_database() -> None:
    """Before ``start``, and whatever the database does, a word arrives within the process at once."""
    notifier = Notifier(NOBODY)
    right = await told_within(notifier, "disposition", "XR-1")
    wrong_key = await told_within(notifier, "disposition", "XR-2", 0.1)
    wrong_topic = await told_within(notifier, "queue", "XR-1", 0.1)
    notifier.publish("disposition", "XR-1")
    assert await asyncio.wait_for(right, 0.1)
    assert not await wrong_key
    assert not await wrong_topic


async def test_publish__reaches_another_process(pair: tuple[Notifier, Notifier]) -> None:
    """A word told here arrives there, with its key as it was."""
    here, there = pair
    async with there.subscribe("disposition") as keys:
        here.publish("disposition", "XR-20260101-000001 盐田")
        assert await asyncio.wait_for(anext(keys), 5) == "XR-20260101-000001 盐田"


async def test_publish__is_not_heard_twice_by_its_own_process(pair: tuple[Notifier, Notifier]) -> None:
    """The process that told hears it once, not again from the database."""
    here, there = pair
    async with here.subscribe("queue") as keys, there.subscribe("queue") as other_keys:
        here.publish("queue", "YTN")
        assert await anext(keys) == "YTN"
        await asyncio.wait_for(anext(other_keys), 5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(keys), 0.2)


async def test_publish__a_burst_costs_few_notifies_and_loses_no_key(
    database_url: str, pair: tuple[Notifier, Notifier]
) -> None:
    """Thousands of words between two flushes, more than one payload holds, arrive in a handful of NOTIFYs."""
    here, there = pair
    payloads: list[object] = []
    listener = await asyncpg.connect(database_url)
    await listener.add_listener("shenxiang", lambda *args: payloads.append(args[3]))
    wanted = {f"XR-20260101-{n:06d}" for n in range(3000)}
    async with there.subscribe("disposition") as keys:
        for key in sorted(wanted) * 2:
            here.publish("disposition", key)
        heard = {await asyncio.wait_for(anext(keys), 5) for _ in wanted}
    assert heard == wanted
    assert len(payloads) < 20
    await listener.close()


async def test_publish__awkward_keys_become_anything(pair: tuple[Notifier, Notifier]) -> None:
    """A key that fits no payload line wakes everybody on the topic instead of breaking the connection."""
    here, there = pair
    waiter = await told_within(there, "disposition", "some key")
    async with there.subscribe("disposition") as keys:
        here.publish("disposition", "x" * 9000)
        assert await asyncio.wait_for(anext(keys), 5) == ""
        assert await waiter
        here.publish("disposition", "a\nqueue b")
        assert await asyncio.wait_for(anext(keys), 5) == ""


async def test_publish__again_while_it_is_sent_is_sent_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second change comes after the first word was written: without a second one nobody would look."""
    sent: list[str] = []
    is_taken = asyncio.Event()
    execute = asyncpg.Connection.execute

    async with started(database_url, flush_s=0.0) as here, started(database_url) as there:

        async def publish_meanwhile(self: asyncpg.Connection, query: str, *args: str, **more: float) -> str:
            sent.append(args[1])
            status = await execute(self, query, *args, **more)
            if len(sent) == 1:
                here.publish("disposition", "XR-1")
                await is_taken.wait()  # the same word twice, unread, is one word
            return status

        monkeypatch.setattr(asyncpg.Connection, "execute", publish_meanwhile)
        async with there.subscribe("disposition") as keys:
            here.publish("disposition", "XR-1")
            assert await asyncio.wait_for(anext(keys), 5) == "XR-1"
            is_taken.set()
            assert await asyncio.wait_for(anext(keys), 5) == "XR-1"
    assert len(sent) >= 2  # see below
    assert set(sent) == {"disposition XR-1"}


async def test_publish__what_could_not_be_sent_is_kept(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that breaks while it sends takes no word with it."""
    execute = asyncpg.Connection.execute
    tries = 0

    async def break_once(self: asyncpg.Connection, query: str, *args: str, **more: float) -> str:
        nonlocal tries
        if "pg_notify" in query:
            tries += 1
            if tries == 1:
                raise ConnectionResetError
        return await execute(self, query, *args, **more)

    monkeypatch.setattr(asyncpg.Connection, "execute", break_once)
    async with (
        started(database_url) as here,
        started(database_url) as there,
        there.subscribe("disposition") as keys,
    ):
        here.publish("disposition", "XR-1")
        assert await asyncio.wait_for(anext(keys), 5) == "XR-1"
    assert tries >= 2  # once more if the end comes before the answer: a word may come twice


async def test_run__a_lost_connection_is_replaced_and_everybody_told_to_look(
    database_url: str, pair: tuple[Notifier, Notifier]
) -> None:
    """After its connection was cut, a notifier tells its waiters to look and works again."""
    here, there = pair
    admin = await asyncpg.connect(database_url)
    waiter = await told_within(there, "disposition", "XR-1")
    pids = [row["pid"] for row in await admin.fetch(listener_pids())]
    assert len(pids) == 2
    for pid in pids:
        await admin.fetchval("SELECT pg_terminate_backend($1)", pid)
    assert await waiter, "told to look, for a word may have been missed"
    assert there.n_told("session") == 1, "also of what nobody has ever been told here"
    async with there.subscribe("queue") as keys:
        for _ in range(100):
            here.publish("queue", "YTN")
            with contextlib.suppress(TimeoutError):
                if await asyncio.wait_for(anext(keys), 0.1) == "YTN":
                    break
        else:
            pytest.fail("the notifiers did not come back")
    await admin.close()


async def test_close__sends_what_is_left_and_ends_iteration(database_url: str) -> None:
    """A word told just before closing still reaches the others, and readers here end."""
    async with started(database_url) as there, there.subscribe("queue") as keys:
        here = Notifier(database_url, flush_s=60)
        await here.start()
        here.publish("queue", "first")
        assert await asyncio.wait_for(anext(keys), 5) == "first"
        here.publish("queue", "last")
        async with here.subscribe("queue") as own:
            await here.close()
            assert [key async for key in own] == []
        # A word that was just being sent when the notifier was closed is sent again.
        while (key := await asyncio.wait_for(anext(keys), 5)) != "last":
            assert key == "first"


async def test_subscribe__reader_that_falls_behind_is_told_to_look() -> None:
    """A reader with too many keys waiting gets one empty key for all of them."""
    notifier = Notifier(NOBODY)
    async with notifier.subscribe("disposition") as keys:
        for n in range(MAX_PENDING + 1):
            notifier.publish("disposition", str(n))
        assert await anext(keys) == ""
    assert notifier.subscriptions["disposition"] == set()


async def test_wait_for__leaves_nothing_behind() -> None:
    """A waiter that timed out or was cancelled is forgotten."""
    notifier = Notifier(NOBODY)
    assert not await notifier.wait_for("disposition", "XR-1", 0.01)
    task = await told_within(notifier, "disposition", "XR-1")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notifier._waiting == {}
