"""The queue's policy: shown, its effect foretold, proposed by one supervisor and approved by another."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from review_ui.cases import MAX_ID
from review_ui.guard import allow, json_response, session_of
from review_ui.policy_desk import PolicyDesk
from review_ui.supervision_schemas import (
    OutcomeIn,
    OutcomeOut,
    PolicyEffectOut,
    PolicyIn,
    ProposalIn,
    ProposalRef,
    QueuePolicyOut,
)

ProposalId = Annotated[int, Path(ge=0, le=MAX_ID)]


class PolicyRoutes:
    """``/queue-policy…``."""

    def __init__(self, *, desk: PolicyDesk) -> None:
        self._desk = desk

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.get("/queue-policy", response_model=QueuePolicyOut)(self.policy)
        router.post("/queue-policy/effect", response_model=PolicyEffectOut)(self.effect)
        router.post("/queue-policy/proposals", response_model=ProposalRef, status_code=201)(self.propose)
        router.post("/queue-policy/proposals/{proposal_id}/outcome", response_model=OutcomeOut)(self.decide)

    @allow("supervisor", "auditor")
    async def policy(self) -> Response:
        """Return the policy in force, and the newest proposals to change it."""
        return json_response(await self._desk.show())

    @allow("supervisor")
    async def effect(self, body: PolicyIn) -> Response:
        """Tell what a policy would do to the cases that wait now; changes nothing."""
        return json_response(await self._desk.effect(body.policy))

    @allow("supervisor")
    async def propose(self, request: Request, body: ProposalIn) -> Response:
        """Propose a policy; another supervisor has to approve it."""
        proposal_id = await self._desk.propose(session_of(request).account, body)
        return json_response(ProposalRef(proposal_id=proposal_id), status=201)

    @allow("supervisor")
    async def decide(self, request: Request, proposal_id: ProposalId, body: OutcomeIn) -> Response:
        """Approve or refuse a colleague's proposal, or withdraw one's own."""
        version = await self._desk.decide(session_of(request).account, proposal_id, body.outcome)
        return json_response(OutcomeOut(version=version))
