"""Reason codes are offered per verdict, in both languages."""

from typing import get_args

import pytest

from datasets.synthetic.kinds import ThreatKind
from review_ui.errors import ReasonCodeUnknownError
from review_ui.reasons import FINDING_KINDS, REASON_CODES, check_reason_codes
from review_ui.schemas import Verdict

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def test_reason_codes__are_unique_and_named_in_both_languages() -> None:
    """A code has one meaning and two names; within a verdict no two reasons read alike."""
    codes = [reason.code for reason in REASON_CODES]
    assert len(set(codes)) == len(codes)
    for verdict in VERDICTS:
        for names in ([r.zh for r in REASON_CODES], [r.en for r in REASON_CODES]):
            assert len(set(names)) == len(names)
            assert all(names)
        assert any(verdict in reason.verdicts for reason in REASON_CODES)


def test_check_reason_codes__offered_ones_pass() -> None:
    """Every reason may be given for every verdict it is offered for."""
    for reason in REASON_CODES:
        for verdict in reason.verdicts:
            check_reason_codes([reason.code], verdict)


@pytest.mark.parametrize(
    ("code", "verdict"), [("made_up", "inspect"), ("no_anomaly", "inspect"), ("", "release")]
)
def test_check_reason_codes__others_are_refused(code: str, verdict: Verdict) -> None:
    """A made-up reason, or one of another verdict, is refused by name."""
    with pytest.raises(ReasonCodeUnknownError, match=repr(code)):
        check_reason_codes(["other", code], verdict)


def test_finding_kinds__name_what_the_detector_finds() -> None:
    """Each kind that the default detector learns has a name in both languages."""
    assert set(ThreatKind) <= set(FINDING_KINDS)


def test_finding_kinds__have_distinct_names() -> None:
    """A reviewer who picks a kind sees each name once."""
    for language in ("zh", "en"):
        names = [kind[language] for kind in FINDING_KINDS.values()]
        assert len(set(names)) == len(names)
