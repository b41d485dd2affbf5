"""Throws malformed uploads at a real server over HTTP and counts what comes of them.

An image that passes the structural check (201) is also posted as a scan, so that the decoding child sees it.
A crash is a request without an answer, a server or a decoding child that ended, or an unexpected exception in
either; each is in the server's log.
"""

import hashlib
import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.fuzz.cases import Case, Cases
from benchmarks.fuzz.corpus import BOUNDARY, read_corpus
from benchmarks.fuzz.targets import IMAGES

READERS = (*IMAGES, "scan", "multipart")
"""What comes in over HTTP."""

CRASH_EVENTS = ("decode_child_died", "decode_child_failed", "idle_decode_child_died", "request_crashed")
MOST_EXAMPLES = 20
MOST_LINE_CHARACTERS = 4000
TIMEOUT_S = 60.0


@dataclass(kw_only=True)
class Outcome:
    """What a run came to.

    Attributes:
        answers: How many answers had which status, by reader.
        no_answer: Requests that the server left without one.
        crash_events: How often the server logged which crash.
        decoded: Damaged scans that passed every check and whose pixels came out.
        examples: Cases that were answered 5xx or not at all.
        crash_lines: What the server's log says of the first crashes: its folder is gone when this is read.
    """

    cases: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    no_answer: int = 0
    crash_events: Counter[str] = field(default_factory=Counter)
    decoded: int = 0
    examples: list[str] = field(default_factory=list)
    crash_lines: list[str] = field(default_factory=list)

    @property
    def n_5xx(self) -> int:
        """Answers that say a fault of ours."""
        return sum(n for (_, status), n in self.answers.items() if status >= 500)

    @property
    def n_crashes(self) -> int:
        """Requests without an answer, and what the log says."""
        return self.no_answer + self.crash_events.total()

    def as_json(self) -> dict[str, object]:
        """Return everything, for a result file."""
        by_reader: dict[str, dict[str, int]] = {}
        for (reader, status), n in sorted(self.answers.items()):
            by_reader.setdefault(reader, {})[str(status)] = n
        return {
            "cases": self.cases,
            "answers": by_reader,
            "no_answer": self.no_answer,
            "crash_events": dict(self.crash_events),
            "decoded": self.decoded,
            "examples": self.examples,
            "crash_lines": self.crash_lines,
        }


def attack(port: int, key: str, log: Path, *, n_cases: int, seed: int, n_threads: int = 4) -> Outcome:
    """Run the cases 0 to ``n_cases`` of a seed.

    Args:
        port: Of a server with the role intake on this machine.
        key: Of a station.
        log: The server's log, one JSON object a line.
        n_cases: How many.
        seed: Names the run.
        n_threads: Requests at a time.
    """
    cases, outcome = Cases(seed, READERS), Outcome(cases=n_cases)
    numbers, lock = iter(range(n_cases)), threading.Lock()
    logged_before = log.stat().st_size
    _put_sound_images(port, key)
    senders = [
        threading.Thread(
            target=_Sender(port, key, cases=cases, numbers=numbers, lock=lock, outcome=outcome).run
        )
        for _ in range(n_threads)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    _read_crashes(log, logged_before, outcome)
    return outcome


class _Sender:
    """One keep-alive connection that sends case after case."""

    def __init__(
        self,
        port: int,
        key: str,
        *,
        cases: Cases,
        numbers: Iterator[int],
        lock: threading.Lock,
        outcome: Outcome,
    ) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self._headers = {"Authorization": f"Bearer {key}"}
        self._cases, self._numbers, self._lock, self._outcome = cases, numbers, lock, outcome

    def run(self) -> None:
        """Send until the numbers are used up."""
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                self._connection.close()
                return
            self._try(self._cases.make(number))

    def _try(self, case: Case) -> None:
        if case.reader == "scan":
            self._post(case, case.data, "application/json")
        elif case.reader == "multipart":
            self._post(case, case.data, f"multipart/form-data; boundary={BOUNDARY}")
        else:
            self._put_and_post(case)

    def _put_and_post(self, case: Case) -> None:
        digest = hashlib.sha256(case.data).hexdigest()
        status, body = self._send(case, "PUT", f"/api/v1/images/{digest}", case.data, {})
        if status not in (200, 201):
            return
        channel = "dual" if json.loads(body)["n_channels"] == 2 else "high"
        scan = {
            "images": [{"digest": digest, "channel": channel}],
            "scanned_at": "2026-01-01T08:00:00+08:00",
        }
        if self._post(case, json.dumps(scan).encode(), "application/json") == 201:
            with self._lock:
                self._outcome.decoded += 1

    def _post(self, case: Case, body: bytes, content_type: str) -> int:
        headers = {"Content-Type": content_type, "Idempotency-Key": f"fuzz-{case.number}"}
        return self._send(case, "POST", "/api/v1/scans", body, headers)[0]

    def _send(
        self, case: Case, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, {**self._headers, **headers})
            response = self._connection.getresponse()
            status, answer = response.status, response.read()
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            status, answer = 0, repr(error).encode()
        with self._lock:
            if status:
                self._outcome.answers[case.reader, status] += 1
            else:
                self._outcome.no_answer += 1
            if (status == 0 or status >= 500) and len(self._outcome.examples) < MOST_EXAMPLES:
                self._outcome.examples.append(f"{case.number} {case.reader}: {status} {answer[:300]!r}")
        return status, answer


def _put_sound_images(port: int, key: str) -> None:
    """Upload the undamaged images: damaged scan descriptions name them, and the server must take them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    for reader, seeds in read_corpus().items():
        for data in seeds.values() if reader in IMAGES else ():
            path = f"/api/v1/images/{hashlib.sha256(data).hexdigest()}"
            connection.request("PUT", path, data, {"Authorization": f"Bearer {key}"})
            response = connection.getresponse()
            body = response.read()
            if response.status not in (200, 201):
                raise RuntimeError(f"a sound {reader} was answered {response.status}: {body!r}")
    connection.close()


def _read_crashes(log: Path, start: int, outcome: Outcome) -> None:
    """Find the crashes in a log, from a byte on."""
    with log.open("rb") as lines:
        lines.seek(start)
        for raw in lines:
            line = raw.decode(errors="replace")
            for event in CRASH_EVENTS:
                if f'"{event}"' in line:
                    outcome.crash_events[event] += 1
                    if len(outcome.crash_lines) < MOST_EXAMPLES:
                        outcome.crash_lines.append(line.strip()[:MOST_LINE_CHARACTERS])
