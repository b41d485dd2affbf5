"""Which HTTP status each error code of the review answers with."""

STATUS_BY_CODE: dict[str, int] = {
    # who is asking
    "not_logged_in": 401,
    "login_refused": 401,
    "login_throttled": 429,
    "csrf_refused": 403,
    "role_not_allowed": 403,
    # cases and leases
    "case_not_found": 404,
    "earlier_scan_not_found": 404,
    "lookalike_not_found": 404,
    "photo_not_found": 404,
    "lease_lost": 409,
    "case_not_held": 409,
    "already_decided": 409,
    "rest_due": 409,
    "case_exists": 409,
    "scan_disposed": 409,
    "scan_not_disposed": 409,
    "screening_missing": 409,
    "scan_unknown": 404,
    # what was sent
    "verdict_not_allowed": 422,
    "reason_code_unknown": 422,
    "inspection_invalid": 422,
    "queue_policy_invalid": 422,
    "proposal_unknown": 404,
    "proposal_open": 409,
    "proposal_closed": 409,
    "proposal_outdated": 409,
    "same_account": 403,
    "account_error": 422,
    "account_invalid": 422,
    "password_too_weak": 422,
    "account_not_found": 404,
    "login_taken": 409,
    "last_admin": 409,
    # keeping stations, reading the trail
    "station_key_not_found": 404,
    "verification_running": 409,
    "exports_running": 429,
    # the sealing of the trail, which no request asks for
    "sealing_refused": 409,
    "trail_restored": 409,
    "anchor_ahead": 409,
    "anchor_unreadable": 409,
    # ours: another reviewer's case may work, the same request may later
    "object_missing": 503,
    "object_corrupt": 503,
    # ours: needs an operator
    "review_error": 500,
    "queue_error": 500,
}
