"""Urgency, time limits, qualifications, second review, and the JSON form of a policy."""

import itertools
import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from review_queue.cases import CaseReason, Verdict
from review_queue.errors import QueuePolicyInvalidError
from review_queue.policy import (
    BAND_OF_REASON,
    BAND_OF_RISK,
    FIRST_BAND,
    LAST_BAND,
    MODALITIES,
    NOT_STORED,
    QueuePolicy,
)
from review_queue.reason_codes import DEFAULT_REASON_CODES
from scans.modality import Modality

EVERYTHING = QueuePolicy(
    prefetch_ttl_s=60,
    max_hold_s=1800,
    max_tries=2,
    sla_s=tuple(float(60 * (band + 1)) for band in range(16)),
    shift_by_port={"YTN": -2, "SKZ": 1},
    shift_by_modality={"under_vehicle": -1},
    shift_by_reason={CaseReason.SAMPLED: 4},
    quals_by_modality={"under_vehicle": 0b10},
    quals_by_reason={CaseReason.REOPENED: 0b100, CaseReason.FINDING: 2**62},
    second_review_verdicts=frozenset({Verdict.RELEASE, Verdict.RESCAN}),
    second_review_min_risk=0.5,
    second_review_sample=0.02,
    second_review_sample_by_verdict={Verdict.INSPECT: 0.5},
    remind_after_s=600,
    pause_after_s=0,
    rest_s=120,
    reason_codes=(*DEFAULT_REASON_CODES[1:], DEFAULT_REASON_CODES[0]),
)


def test_band_of__more_risk_never_waits_longer() -> None:
    """For every reason and every shift the band falls, or stays, as the risk grows."""
    for shift in range(-4, 5):
        policy = QueuePolicy(shift_by_port={"YTN": shift})
        for reason in CaseReason:
            bands = [policy.band_of(reason, risk / 100, port="YTN") for risk in range(101)]
            assert all(later <= earlier for earlier, later in itertools.pairwise(bands))
            assert all(FIRST_BAND <= band <= LAST_BAND for band in bands)


def test_band_of__what_could_not_be_screened_goes_before_a_weak_finding() -> None:
    """What nobody could screen goes before a low-risk finding, a sampled clear scan comes last."""
    policy = QueuePolicy()
    unscreenable = policy.band_of(CaseReason.UNSCREENABLE, 0.0)
    finding = policy.band_of(CaseReason.FINDING, 0.35)
    assert unscreenable < finding < policy.band_of(CaseReason.SAMPLED, 0.0)


def test_band_of__shifts_add_up_and_leave_band_zero_alone() -> None:
    """Port, modality and reason each move a case; none reaches band 0, which is a supervisor's."""
    policy = QueuePolicy(
        shift_by_port={"YTN": -2}, shift_by_modality={"cargo": 3}, shift_by_reason={CaseReason.FINDING: -4}
    )
    finding = CaseReason.FINDING
    assert policy.band_of(CaseReason.SAMPLED, 0.0) == 12
    assert policy.band_of(CaseReason.SAMPLED, 0.0, port="YTN") == 10
    assert policy.band_of(CaseReason.SAMPLED, 0.0, port="YTN", modality="cargo") == 13
    assert policy.band_of(finding, 0.0, port="YTN", modality="cargo") == 5
    assert policy.band_of(finding, 1.0, port="YTN") == FIRST_BAND
    late = QueuePolicy(shift_by_port={"YTN": 4}, shift_by_modality={"cargo": 4})
    assert late.band_of(CaseReason.SAMPLED, 0.0, port="YTN", modality="cargo") == LAST_BAND


def test_quals_needed__of_modality_and_reason_both() -> None:
    """A case needs the bits of its modality and those of its reason."""
    assert EVERYTHING.quals_needed(CaseReason.REOPENED, modality="under_vehicle") == 0b110
    assert EVERYTHING.quals_needed(CaseReason.REOPENED, modality="cargo") == 0b100
    assert EVERYTHING.quals_needed(CaseReason.SAMPLED, modality="cargo") == 0


def test_second_review__risky_release_always_others_by_lot() -> None:
    """A release of a risky scan is always seen twice; everything else only when drawn."""
    policy = QueuePolicy(second_review_min_risk=0.8, second_review_sample=0.1)
    assert policy.second_review(Verdict.RELEASE, 0.8, draw=0.99) == "risk"
    assert policy.second_review(Verdict.RELEASE, 0.79, draw=0.99) is None
    assert policy.second_review(Verdict.INSPECT, 1.0, draw=0.99) is None
    assert policy.second_review(Verdict.INSPECT, 0.0, draw=0.0999) == "sample"
    assert policy.second_review(Verdict.INSPECT, 0.0, draw=0.1) is None


def test_second_review__a_verdict_may_have_its_own_share() -> None:
    """The share of a verdict replaces the common one, also when it is nothing."""
    policy = QueuePolicy(
        second_review_sample=0.1, second_review_sample_by_verdict={Verdict.INSPECT: 0.5, Verdict.RESCAN: 0.0}
    )
    assert policy.second_review(Verdict.INSPECT, 0.0, draw=0.4) == "sample"
    assert policy.second_review(Verdict.RELEASE, 0.0, draw=0.4) is None
    assert policy.second_review(Verdict.RESCAN, 0.0, draw=0.0) is None


def test_to_json__is_read_back_as_the_same_policy() -> None:
    """Every field but the program's own setting survives the way through JSON text."""
    stored = json.loads(json.dumps(EVERYTHING.to_json()))
    assert QueuePolicy.from_json(stored) == EVERYTHING
    assert stored.keys() == {field.name for field in fields(QueuePolicy)} - NOT_STORED
    default = QueuePolicy()
    same = [name for name in stored if getattr(EVERYTHING, name) == getattr(default, name)]
    assert same == [], "a field at its default proves nothing"
    assert "lease_ttl_s" not in replace(EVERYTHING, lease_ttl_s=30).to_json()


def test_from_json__what_is_left_out_has_its_default() -> None:
    """An operator writes down only what differs."""
    assert QueuePolicy.from_json({}) == QueuePolicy()
    assert QueuePolicy.from_json({"max_tries": 5}) == QueuePolicy(max_tries=5)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"sla": 5}, "sla_s"),
        ({"lease_ttl_s": 90}, "lease_ttl_s"),
        ({"sla_s": [60.0]}, "sla_s"),
        ({"sla_s": 60}, "sla_s"),
        ({"sla_s": [60.0] * 15 + [0]}, r"sla_s\[15\]"),
        ({"sla_s": [60.0] * 15 + ["60"]}, r"sla_s\[15\]"),
        ({"prefetch_ttl_s": 0}, "prefetch_ttl_s"),
        ({"max_hold_s": float("nan")}, "max_hold_s"),
        ({"max_hold_s": float("inf")}, "max_hold_s"),
        ({"max_hold_s": None}, "max_hold_s"),
        ({"max_hold_s": True}, "max_hold_s"),
        ({"max_tries": 0}, "max_tries"),
        ({"max_tries": 2.5}, "max_tries"),
        ({"shift_by_port": {"YTN": 5}}, "shift_by_port.YTN"),
        ({"shift_by_port": {"YTN": -0.5}}, "shift_by_port.YTN"),
        ({"shift_by_port": ["YTN"]}, "shift_by_port"),
        ({"shift_by_modality": {"carg": 1}}, "cargo"),
        ({"shift_by_reason": {"found": 1}}, "finding"),
        ({"quals_by_modality": {"cargo": -1}}, "quals_by_modality.cargo"),
        ({"quals_by_modality": {"cargo": 2**63}}, "quals_by_modality.cargo"),
        ({"quals_by_reason": {"finding": True}}, "quals_by_reason.finding"),
        ({"second_review_verdicts": ["free"]}, "release"),
        ({"second_review_verdicts": "release"}, "second_review_verdicts"),
        ({"second_review_min_risk": 1.1}, "second_review_min_risk"),
        ({"second_review_sample": 1.5}, "second_review_sample"),
        ({"second_review_sample_by_verdict": {"inspect": -0.1}}, "second_review_sample_by_verdict.inspect"),
        ({"remind_after_s": -1}, "remind_after_s"),
        ({"pause_after_s": "1200"}, "pause_after_s"),
        ({"rest_s": 1e12}, "rest_s"),
        ([], "object"),
        ("{}", "object"),
    ],
)
def test_from_json__nonsense_is_refused_and_named(broken: Any, told: str) -> None:
    """A document that could not work is refused with the stable code, and the message names the place."""
    with pytest.raises(QueuePolicyInvalidError, match=told) as caught:
        QueuePolicy.from_json(broken)
    assert caught.value.code == "queue_policy_invalid"


@pytest.mark.parametrize("name", ["lease_ttl_s", "max_tries", "second_review_sample"])
def test_queue_policy__nonsense_is_refused_without_json_too(name: str) -> None:
    """A policy that could not work is refused when it is made, by whoever makes it."""
    nonsense: dict[str, Any] = {name: -1}
    with pytest.raises(QueuePolicyInvalidError, match=name):
        QueuePolicy(**nonsense)


def test_modalities__are_those_of_a_scan() -> None:
    """The words of the policy are the words that intake accepts."""
    assert frozenset(Modality) == MODALITIES


def test_docs__list_every_rule_with_its_default() -> None:
    """The reference page has exactly the stored fields, their defaults, the bands, and a valid example."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "queue-policy.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", page, re.MULTILINE)
    default = QueuePolicy().to_json()
    reasons = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (`.+?`) \|$", page, re.MULTILINE)
    assert [
        {"code": code, "zh": zh, "en": en, "verdicts": re.findall(r"\w+", verdicts)}
        for code, zh, en, verdicts in reasons
    ] == default.pop("reason_codes")
    assert {name: json.loads(value) for name, value in rows} == default
    bands = re.findall(r"^\| (`.+?`) \| (\d+) \| \|", page, re.MULTILINE)
    documented = {reason: int(band) for reasons, band in bands for reason in re.findall(r"`(\w+)`", reasons)}
    assert documented == BAND_OF_REASON
    by_risk = re.findall(r"\| \| (0\.\d) \| (\d+) \|$", page, re.MULTILINE)
    assert [(float(risk), int(band)) for risk, band in by_risk] == list(BAND_OF_RISK)
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert QueuePolicy.from_json(json.loads(example)) != QueuePolicy()
