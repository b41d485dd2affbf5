"""The rules of the queue that an operator may change: urgency, time limits, who looks, who looks twice.

A policy is plain data that refuses to be nonsense. Its JSON form is what ``queue_policies`` stores and
``shenxiang queue-policy`` reads; docs/reference/queue-policy.md describes it for operators.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

from review_queue.cases import CaseReason, Verdict
from review_queue.errors import QueuePolicyInvalidError, ReasonCodeUnknownError
from review_queue.reason_codes import DEFAULT_REASON_CODES, ReasonCode, check_list

W = TypeVar("W", bound=StrEnum)

# Lower bands go first. The highest urgency that reason and risk alone give is 1: band 0 is left free for what
# a supervisor may one day put before everything.
BAND_OF_REASON: Mapping[CaseReason, int] = {
    CaseReason.REOPENED: 2,
    CaseReason.UNSCREENABLE: 4,
    CaseReason.AI_UNAVAILABLE: 4,
    CaseReason.DECLARATION_MISMATCH: 6,
    CaseReason.FINDING: 8,
    CaseReason.SAMPLED: 12,
}
BAND_OF_RISK = ((0.9, 1), (0.7, 3), (0.5, 5), (0.3, 7))
FIRST_BAND, LAST_BAND = 1, 15
MAX_SHIFT: Final = 4
# As the column scans.modality allows them.
MODALITIES: Final = frozenset({"cargo", "passenger_vehicle", "under_vehicle"})
# Longer than any case is open, and short enough for an interval and a due minute.
MAX_TIME_S: Final = 10_000_000.0
MAX_QUALS: Final = 2**63 - 1
# Set for each process by SHENXIANG_LEASE_TTL_S, so it is no part of a stored policy.
NOT_STORED: Final = frozenset({"lease_ttl_s"})


@dataclass(frozen=True, kw_only=True)
class QueuePolicy:
    """One operator's rules.

    Attributes:
        lease_ttl_s: How long a shown case is held without a heartbeat.
        prefetch_ttl_s: How long a waiting case is held without a heartbeat.
        max_hold_s: The longest a case is held with heartbeats: a page left open is not a reviewer.
        max_tries: A case that so many reviewers were shown and let run out goes to a supervisor.
        sla_s: Seconds from the scan's arrival until its case is due, for each band 0 to 15.
        shift_by_port: Bands added to a case of the port, -4 to 4; less is sooner. Likewise by modality and
            by reason; the shifts of a case add up, and the sum never leaves bands 1 to 15.
        shift_by_modality: See ``shift_by_port``.
        shift_by_reason: See ``shift_by_port``.
        quals_by_modality: Qualification bits that a reviewer needs for the modality. Likewise by reason; a
            case needs both.
        quals_by_reason: See ``quals_by_modality``.
        second_review_verdicts: Verdicts of a primary review that are looked at again ...
        second_review_min_risk: ... when the case's risk is at least this.
        second_review_sample: Besides, the share of primary reviews drawn at random, in [0, 1] ...
        second_review_sample_by_verdict: ... and the share for a verdict that has one of its own.
        remind_after_s: After so long a review without a break the page suggests one; 0 never.
        pause_after_s: After so long no new case comes until the reviewer has rested; 0 never.
        rest_s: How long a break has to be to count; 0 ends every pause at once.
        reason_codes: What a reviewer may give as a reason, in the order in which it is offered.

    Raises:
        QueuePolicyInvalidError: If a field is not what it says here.
    """

    lease_ttl_s: float = 90.0
    prefetch_ttl_s: float = 90.0
    max_hold_s: float = 3600.0
    max_tries: int = 3
    sla_s: tuple[float, ...] = (300.0,) * 2 + (600.0,) * 2 + (900.0,) * 4 + (1200.0,) * 4 + (1800.0,) * 4
    shift_by_port: Mapping[str, int] = field(default_factory=dict)
    shift_by_modality: Mapping[str, int] = field(default_factory=dict)
    shift_by_reason: Mapping[CaseReason, int] = field(default_factory=dict)
    quals_by_modality: Mapping[str, int] = field(default_factory=dict)
    quals_by_reason: Mapping[CaseReason, int] = field(default_factory=dict)
    second_review_verdicts: frozenset[Verdict] = frozenset({Verdict.RELEASE})
    second_review_min_risk: float = 0.9
    second_review_sample: float = 0.0
    second_review_sample_by_verdict: Mapping[Verdict, float] = field(default_factory=dict)
    remind_after_s: float = 1200.0
    pause_after_s: float = 1200.0
    rest_s: float = 300.0
    reason_codes: tuple[ReasonCode, ...] = DEFAULT_REASON_CODES

    def __post_init__(self) -> None:
        for name in ("lease_ttl_s", "prefetch_ttl_s", "max_hold_s"):
            _check_number(name, getattr(self, name), least=1, most=MAX_TIME_S)
        for name in ("remind_after_s", "pause_after_s", "rest_s"):
            _check_number(name, getattr(self, name), least=0, most=MAX_TIME_S)
        _check_whole("max_tries", self.max_tries, least=1, most=1000)
        if len(self.sla_s) != LAST_BAND + 1:
            raise QueuePolicyInvalidError(
                f"sla_s has {len(self.sla_s)} entries; it needs one for each of the bands 0 to {LAST_BAND}"
            )
        for band, seconds in enumerate(self.sla_s):
            _check_number(f"sla_s[{band}]", seconds, least=1, most=MAX_TIME_S)
        for name in ("shift_by_port", "shift_by_modality", "shift_by_reason"):
            for key, shift in getattr(self, name).items():
                _check_whole(f"{name}.{key}", shift, least=-MAX_SHIFT, most=MAX_SHIFT)
        for name in ("quals_by_modality", "quals_by_reason"):
            for key, mask in getattr(self, name).items():
                _check_whole(f"{name}.{key}", mask, least=0, most=MAX_QUALS)
        for name in ("shift_by_modality", "quals_by_modality"):
            _check_words(name, getattr(self, name), MODALITIES)
        for name in ("shift_by_reason", "quals_by_reason"):
            _check_words(name, getattr(self, name), list(CaseReason))
        for name in ("second_review_verdicts", "second_review_sample_by_verdict"):
            _check_words(name, getattr(self, name), list(Verdict))
        _check_number("second_review_min_risk", self.second_review_min_risk, least=0, most=1)
        _check_number("second_review_sample", self.second_review_sample, least=0, most=1)
        for verdict, share in self.second_review_sample_by_verdict.items():
            _check_number(f"second_review_sample_by_verdict.{verdict}", share, least=0, most=1)
        check_list(self.reason_codes)

    def band_of(self, reason: CaseReason, risk: float, *, port: str = "", modality: str = "") -> int:
        """Return the priority band, 1 to 15, 1 first. More risk never means a later band."""
        by_risk = next((band for floor, band in BAND_OF_RISK if risk >= floor), LAST_BAND)
        shift = (
            self.shift_by_port.get(port, 0)
            + self.shift_by_modality.get(modality, 0)
            + self.shift_by_reason.get(reason, 0)
        )
        return min(max(min(BAND_OF_REASON[reason], by_risk) + shift, FIRST_BAND), LAST_BAND)

    def quals_needed(self, reason: CaseReason, *, modality: str) -> int:
        """Return the qualification bits that a case of this kind needs."""
        return self.quals_by_modality.get(modality, 0) | self.quals_by_reason.get(reason, 0)

    def sample_share(self, verdict: Verdict) -> float:
        """Return the share of primary reviews with this verdict that are drawn for a second review."""
        return self.second_review_sample_by_verdict.get(verdict, self.second_review_sample)

    def second_review(self, verdict: Verdict, risk: float, *, draw: float) -> str | None:
        """Return why a primary verdict is looked at again, or ``None``.

        Args:
            verdict: The primary verdict.
            risk: The case's risk, in [0, 1].
            draw: The case's random number in [0, 1); see ``ranking.draw_share``.
        """
        if verdict in self.second_review_verdicts and risk >= self.second_review_min_risk:
            return "risk"
        return "sample" if draw < self.sample_share(verdict) else None

    def check_reason_codes(self, codes: Sequence[str], verdict: Verdict) -> None:
        """Refuse a reason that is not offered for a verdict.

        Raises:
            ReasonCodeUnknownError: On the first such code.
        """
        offered = {reason.code for reason in self.reason_codes if verdict in reason.verdicts}
        for code in codes:
            if code not in offered:
                raise ReasonCodeUnknownError(
                    f"{code!r} is no reason for {verdict} in the policy in force, which has "
                    f"{', '.join(sorted(offered)) or 'none'}"
                )

    @classmethod
    def from_json(cls, body: object) -> Self:
        """Read a policy from a parsed JSON document. What it leaves out has its default.

        Raises:
            QueuePolicyInvalidError: If it is no object, names something unknown, or a value is not allowed.
        """
        if not isinstance(body, Mapping):
            raise QueuePolicyInvalidError("a queue policy is a JSON object")
        unknown = sorted(map(str, body.keys() - _stored_names()))
        if unknown:
            known = ", ".join(sorted(_stored_names()))
            raise QueuePolicyInvalidError(f"a queue policy has no {', '.join(unknown)}; it has {known}")
        return cls(**{name: _READERS.get(name, _as_is)(name, value) for name, value in body.items()})

    def to_json(self) -> dict[str, Any]:
        """Return the policy as a JSON document that ``from_json`` reads; without ``lease_ttl_s``."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in NOT_STORED}


def _check_number(name: str, value: object, *, least: float, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not least <= value <= most:  # type: ignore[operator]  # is_number says that it compares
        raise QueuePolicyInvalidError(f"{name} is {value!r}; it has to be from {least:g} to {most:g}")


def _check_whole(name: str, value: object, *, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise QueuePolicyInvalidError(f"{name} is {value!r}; it has to be a whole number, {least} to {most}")


def _check_words(name: str, given: Iterable[str], allowed: Collection[str]) -> None:
    words = sorted(allowed)
    unknown = sorted(set(given) - set(words))
    if unknown:
        raise QueuePolicyInvalidError(f"{name} names {', '.join(unknown)}; there is {', '.join(words)}")


def _as_is(_name: str, value: object) -> Any:
    return value  # a number, which the policy itself checks


def _read_list(name: str, value: object) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise QueuePolicyInvalidError(f"{name} is {value!r}; it has to be a list")
    return tuple(value)


def _read_reason_codes(name: str, value: object) -> tuple[ReasonCode, ...]:
    return tuple(ReasonCode.from_json(each) for each in _read_list(name, value))


def _read_verdicts(name: str, value: object) -> frozenset[Verdict]:
    return frozenset(_word(name, word, Verdict) for word in _read_list(name, value))


def _read_mapping(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise QueuePolicyInvalidError(f"{name} is {value!r}; it has to be an object")
    return dict(value)


def _read_by_reason(name: str, value: object) -> dict[CaseReason, Any]:
    return {_word(name, key, CaseReason): each for key, each in _read_mapping(name, value).items()}


def _read_by_verdict(name: str, value: object) -> dict[Verdict, Any]:
    return {_word(name, key, Verdict): each for key, each in _read_mapping(name, value).items()}


def _word(name: str, value: object, words: type[W]) -> W:
    _check_words(name, [str(value)], list(words))
    return words(str(value))


_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "sla_s": _read_list,
    "shift_by_port": _read_mapping,
    "shift_by_modality": _read_mapping,
    "shift_by_reason": _read_by_reason,
    "quals_by_modality": _read_mapping,
    "quals_by_reason": _read_by_reason,
    "second_review_verdicts": _read_verdicts,
    "second_review_sample_by_verdict": _read_by_verdict,
    "reason_codes": _read_reason_codes,
}


def _stored_names() -> set[str]:
    return {f.name for f in fields(QueuePolicy)} - NOT_STORED


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): value[key] for key in sorted(value)}
    if isinstance(value, frozenset):
        return sorted(str(word) for word in value)
    if isinstance(value, ReasonCode):
        return value.to_json()
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
