"""Triage: what clears, what needs a person and why, and in which order."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import PolicyInvalidError
from inference.triage import (
    Outcome,
    TriagePolicy,
    finding_risk,
    is_sampled,
    parse_policy,
    triage_scan,
)
from models.finding import Finding
from review_queue.cases import CaseReason

NO_SAMPLE = TriagePolicy(audit_sample=0.0)
scores = st.floats(0, 1)


def found(score: float, *, kind: str = "knife", threshold: float = 0.5) -> Finding:
    """A finding."""
    return Finding(kind=kind, score=score, threshold=threshold, box_xyxy=(0.0, 0.0, 9.0, 9.0))


def test_triage_scan__nothing_found_is_clear() -> None:
    """A scan against which nothing speaks is cleared."""
    triage = triage_scan([], scan_id="XR-1", container_no_valid=True, policy=NO_SAMPLE)
    assert (triage.outcome, triage.reason) == (Outcome.CLEAR, None)


def test_triage_scan__finding_at_its_threshold_flags() -> None:
    """The threshold itself counts."""
    triage = triage_scan([found(0.5)], scan_id="XR-1", container_no_valid=None, policy=NO_SAMPLE)
    assert (triage.outcome, triage.reason) == (Outcome.FLAG, CaseReason.FINDING)


@pytest.mark.parametrize(("threshold", "outcome"), [(0.9, Outcome.CLEAR), (0.2, Outcome.FLAG)])
def test_triage_scan__policy_overrides_the_models_threshold(threshold: float, outcome: Outcome) -> None:
    """Whoever answers for the queue sets the working point, kind by kind."""
    policy = TriagePolicy(audit_sample=0.0, thresholds={"knife": threshold, "gun": 0.0})
    triage = triage_scan([found(0.6)], scan_id="XR-1", container_no_valid=True, policy=policy)
    assert triage.outcome is outcome


def test_triage_scan__invalid_container_number_flags() -> None:
    """Nobody knows which container was released if its number is wrong."""
    triage = triage_scan([], scan_id="XR-1", container_no_valid=False, policy=NO_SAMPLE)
    assert (triage.outcome, triage.reason) == (Outcome.FLAG, CaseReason.DECLARATION_MISMATCH)
    assert triage.risk == NO_SAMPLE.invalid_container_no_risk


@given(st.lists(scores), st.booleans())
def test_triage_scan__invalid_number_never_lowers(found_scores: list[float], flags: bool) -> None:
    """A bad number can move a scan forward in the queue, never back or out of it."""
    policy = TriagePolicy(audit_sample=0.0, flag_invalid_container_no=flags)
    findings = [found(score) for score in found_scores]
    good = triage_scan(findings, scan_id="XR-1", container_no_valid=True, policy=policy)
    bad = triage_scan(findings, scan_id="XR-1", container_no_valid=False, policy=policy)
    assert bad.risk >= good.risk
    assert (good.outcome, bad.outcome) != (Outcome.FLAG, Outcome.CLEAR)


@given(st.lists(scores, max_size=5), scores)
def test_triage_scan__another_finding_never_lowers(found_scores: list[float], more: float) -> None:
    """Seeing more cannot make a scan less suspicious."""
    findings = [found(score) for score in found_scores]
    before = triage_scan(findings, scan_id="XR-1", container_no_valid=True, policy=NO_SAMPLE)
    after = triage_scan([*findings, found(more)], scan_id="XR-1", container_no_valid=True, policy=NO_SAMPLE)
    assert after.risk >= before.risk
    assert (before.outcome, after.outcome) != (Outcome.FLAG, Outcome.CLEAR)


@given(scores, scores, st.floats(0.01, 1))
def test_finding_risk__grows_with_the_score_and_splits_at_the_threshold(
    low: float, high: float, threshold: float
) -> None:
    """Kinds with different thresholds are ordered on one scale; alarms are at or above one half."""
    low, high = sorted((low, high))
    risks = [finding_risk(found(score, threshold=threshold), NO_SAMPLE) for score in (low, high)]
    assert 0 <= risks[0] <= risks[1] <= 1
    assert (risks[1] >= 0.5) is (high >= threshold)


def test_triage_scan__score_that_is_no_number_flags() -> None:
    """Should a NaN ever get this far, it goes to a person and first."""
    triage = triage_scan([found(math.nan)], scan_id="XR-1", container_no_valid=True, policy=NO_SAMPLE)
    assert (triage.outcome, triage.risk) == (Outcome.FLAG, 1.0)


def test_is_sampled__part_of_the_clears_is_the_policys() -> None:
    """Over many scans the sample has the size that was asked for."""
    policy = TriagePolicy(audit_sample=0.05, audit_salt="salt")
    n_sampled = sum(is_sampled(f"XR-20260101-{number:06d}", policy) for number in range(20_000))
    assert 900 <= n_sampled <= 1100


def test_is_sampled__depends_on_the_salt_only_and_the_scan() -> None:
    """An auditor with the salt finds the same sample; without it, it cannot be foreseen."""
    ids = [f"XR-{number}" for number in range(200)]
    one, same, other = (TriagePolicy(audit_sample=0.5, audit_salt=salt) for salt in ("a", "a", "b"))
    assert [is_sampled(i, one) for i in ids] == [is_sampled(i, same) for i in ids]
    assert [is_sampled(i, one) for i in ids] != [is_sampled(i, other) for i in ids]


@pytest.mark.parametrize(("sample", "expected"), [(0.0, False), (1.0, True)])
def test_is_sampled__none_and_all(sample: float, expected: bool) -> None:
    """The ends of the range mean what they say."""
    policy = TriagePolicy(audit_sample=sample, audit_salt="salt")
    assert {is_sampled(f"XR-{number}", policy) for number in range(500)} == {expected}


def test_triage_scan__sampled_clear_needs_a_person() -> None:
    """A clear that is drawn is not released."""
    policy = TriagePolicy(audit_sample=1.0)
    triage = triage_scan([], scan_id="XR-1", container_no_valid=True, policy=policy)
    assert (triage.outcome, triage.reason) == (Outcome.FLAG, CaseReason.SAMPLED)


@pytest.mark.parametrize(
    "body", ["", "[]", '{"audit_sample": 2}', '{"thresholds": {"knife": null}}', '{"audit_sample": NaN}']
)
def test_parse_policy__unusable_body_is_refused(body: str) -> None:
    """A policy that cannot be read must not become the default one in silence."""
    with pytest.raises(PolicyInvalidError, match="version 7"):
        parse_policy(body, version=7)


def test_for_modality__changes_what_it_names_and_nothing_else() -> None:
    """Thresholds are added kind by kind; other modalities keep the policy."""
    policy = TriagePolicy.model_validate(
        {
            "thresholds": {"knife": 0.5, "firearm": 0.2},
            "audit_sample": 0.25,
            "by_modality": {"passenger_vehicle": {"thresholds": {"knife": 0.1}, "audit_sample": 1.0}},
        }
    )
    cars = policy.for_modality("passenger_vehicle")
    assert cars.thresholds == {"knife": 0.1, "firearm": 0.2}
    assert cars.audit_sample == 1.0
    assert cars.flag_invalid_container_no is policy.flag_invalid_container_no
    assert policy.for_modality("cargo") is policy


@pytest.mark.parametrize(
    "changes", [{"bicycle": {}}, {"cargo": {"audit_sample": 2}}, {"cargo": {"audit_smple": 0.5}}]
)
def test_parse_policy__misspelt_modalities_are_refused(changes: dict[str, object]) -> None:
    """A policy for something that is never scanned, or of something that is no rule, is a mistake."""
    with pytest.raises(PolicyInvalidError, match="by_modality"):
        parse_policy(json.dumps({"by_modality": changes}), version=3)
