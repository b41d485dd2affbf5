"""The reasons of a policy: what they may be, and which are offered for a verdict."""

from dataclasses import replace
from typing import Any

import pytest

from review_queue.cases import Verdict
from review_queue.errors import QueuePolicyInvalidError, ReasonCodeUnknownError
from review_queue.policy import QueuePolicy
from review_queue.reason_codes import DEFAULT_REASON_CODES, MAX_CODES, ReasonCode

SMELL = ReasonCode(code="smell", zh="异味", en="Smell", verdicts=frozenset({Verdict.RESCAN}))


def test_default_reason_codes__leave_no_verdict_without_a_reason() -> None:
    """Whoever has changed nothing has a reason for each verdict."""
    for verdict in Verdict:
        assert any(verdict in reason.verdicts for reason in DEFAULT_REASON_CODES)


def test_check_reason_codes__offered_ones_pass() -> None:
    """Every reason may be given for every verdict it is offered for."""
    policy = QueuePolicy(reason_codes=(*DEFAULT_REASON_CODES, SMELL))
    for reason in policy.reason_codes:
        for verdict in reason.verdicts:
            policy.check_reason_codes([reason.code], verdict)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [("made_up", Verdict.INSPECT), ("no_anomaly", Verdict.INSPECT), ("", Verdict.RELEASE)],
)
def test_check_reason_codes__others_are_refused(code: str, verdict: Verdict) -> None:
    """A made-up reason, or one of another verdict, is refused by name."""
    with pytest.raises(ReasonCodeUnknownError, match=repr(code)):
        QueuePolicy().check_reason_codes(["other", code], verdict)


def test_check_reason_codes__a_retired_one_is_refused() -> None:
    """A reason that has lost its verdicts is there for old decisions only."""
    policy = QueuePolicy(reason_codes=(replace(SMELL, verdicts=frozenset()),))
    with pytest.raises(ReasonCodeUnknownError, match="none"):
        policy.check_reason_codes(["smell"], Verdict.RESCAN)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"code": "Smell"}, "Smell"),
        ({"code": "a\x1fb"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "a" * 41}, "at most 40"),
        ({"code": 7}, "code"),
        ({"zh": ""}, "smell.zh"),
        ({"zh": " 异味"}, "smell.zh"),
        ({"en": "x" * 61}, "smell.en"),
        ({"en": "a\nb"}, "smell.en"),
        ({"en": None}, "smell.en"),
        ({"verdicts": ["burn"]}, "smell.verdicts"),
        ({"verdicts": "rescan"}, "smell.verdicts"),
        ({"verdicts": [["rescan"]]}, "smell.verdicts"),
        ({"extra": 1}, "code, zh, en, verdicts"),
    ],
)
def test_from_json__nonsense_is_refused_and_named(changes: dict[str, Any], told: str) -> None:
    """A reason that could not be shown or stored is refused when the policy is read."""
    assert QueuePolicy.from_json({"reason_codes": [SMELL.to_json()]}).reason_codes == (SMELL,)
    with pytest.raises(QueuePolicyInvalidError, match=told):
        QueuePolicy.from_json({"reason_codes": [{**SMELL.to_json(), **changes}]})


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"zh": "味", "en": "Odour"}, "the code 'smell' 2 times"),
        ({"code": "odour", "en": "Odour"}, "Chinese name for rescan '异味'"),
        ({"code": "odour", "zh": "味"}, "English name for rescan 'Smell'"),
    ],
)
def test_check_list__no_two_look_alike(other: dict[str, Any], told: str) -> None:
    """A code has one meaning; within a verdict no two reasons have the same name."""
    with pytest.raises(QueuePolicyInvalidError, match=told):
        QueuePolicy(reason_codes=(SMELL, replace(SMELL, **other)))


def test_check_list__the_same_name_for_other_verdicts_is_fine() -> None:
    """Names have to be told apart where they are offered together, no further."""
    other = replace(SMELL, code="odour", verdicts=frozenset({Verdict.INSPECT}))
    assert QueuePolicy(reason_codes=(SMELL, other)).reason_codes == (SMELL, other)


def test_check_list__is_bounded() -> None:
    """A list that no page could show is refused."""
    many = [replace(SMELL, code=f"c{i}", zh=f"味{i}", en=f"c{i}") for i in range(MAX_CODES + 1)]
    QueuePolicy(reason_codes=tuple(many[:MAX_CODES]))
    with pytest.raises(QueuePolicyInvalidError, match=str(MAX_CODES)):
        QueuePolicy(reason_codes=tuple(many))
