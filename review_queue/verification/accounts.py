"""Whom an actor's name stood for: what the trail says of an account's making, compared with the table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from review_queue.cases import Reviewer, Role
from review_queue.trail import TrailRow
from review_queue.verification.findings import Finding, FindingCode, Findings

CREATED = "account_created"

_CREATED = re.compile(r"account=(\d+) role=(\w+)(?: port=(\S+) quals=(\d+))?")
NO_PORT = "-"


@dataclass(kw_only=True)
class Accounts:
    """The accounts as the trail knows them; those it does not tell enough of, as the table has them.

    An account keeps its role, port and qualifications for life.
    """

    findings: Findings
    stored: Mapping[int, Reviewer]
    _audited: dict[int, Reviewer] = field(default_factory=dict)

    def create(self, row: TrailRow) -> None:
        """Take the row of an account's creation and compare it with the table."""
        match = _CREATED.fullmatch(row.detail or "")
        if match is None or match[2] not in set(Role):
            self.findings.about(row, FindingCode.ROW_MALFORMED, f"row {row.seq} creates no account")
            return
        account_id = int(match[1])
        stored = self.stored.get(account_id)
        if match[3] is not None:
            port = None if match[3] == NO_PORT else match[3]
            audited = Reviewer(account_id=account_id, role=Role(match[2]), port=port, quals=int(match[4]))
            self._audited[account_id] = audited
            is_same = audited == stored
        else:
            is_same = stored is not None and stored.role == match[2]
        if not is_same:
            message = f"account {account_id} is not as row {row.seq} made it: role, port or qualifications"
            self.findings.add(Finding(code=FindingCode.ACCOUNT_CHANGED, message=message, seq=row.seq))

    def of(self, account_id: int) -> Reviewer | None:
        """Return what an account may get."""
        return self._audited.get(account_id) or self.stored.get(account_id)
