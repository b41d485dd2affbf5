"""Finding kinds are named in both languages."""

from datasets.synthetic.kinds import ThreatKind
from review_ui.finding_kinds import FINDING_KINDS


def test_finding_kinds__name_what_the_detector_finds() -> None:
    """Each kind that the default detector learns has a name in both languages."""
    assert set(ThreatKind) <= set(FINDING_KINDS)


def test_finding_kinds__have_distinct_names() -> None:
    """A reviewer who picks a kind sees each name once."""
    for language in ("zh", "en"):
        names = [kind[language] for kind in FINDING_KINDS.values()]
        assert len(set(names)) == len(names)
