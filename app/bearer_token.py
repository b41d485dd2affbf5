"""A fixed token as a request's key, for routes that know neither stations nor people."""

import hmac

from starlette.requests import Request


def carries_token(request: Request, token: str) -> bool:
    """Tell whether a request says ``Authorization: Bearer <token>``, in a time that tells nothing of it."""
    sent = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(sent, f"Bearer {token}".encode())
