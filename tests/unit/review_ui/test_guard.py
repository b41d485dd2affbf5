"""No route without a rule; a light route answers like any other."""

from typing import cast

import pytest
from fastapi import APIRouter

from review_ui.guard import allow, guarded_route, public
from review_ui.sessions import SessionStore


async def endpoint() -> None: ...


def test_guarded_route__without_a_rule_is_refused() -> None:
    """Whoever forgets to say who may call a route finds out when the program starts."""
    router = APIRouter(route_class=guarded_route(cast(SessionStore, None)))
    with pytest.raises(TypeError, match="who may call"):
        router.get("/forgotten")(endpoint)


def test_guarded_route__with_a_rule_is_accepted() -> None:
    """Named roles or everybody: both are rules."""

    async def other() -> None: ...

    router = APIRouter(route_class=guarded_route(cast(SessionStore, None)))
    router.get("/for-auditors")(allow("auditor")(endpoint))
    router.get("/for-everybody")(public(other))
    assert len(router.routes) == 2
