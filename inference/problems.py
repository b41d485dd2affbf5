"""Which HTTP status each error code answers with. The domain never mentions HTTP; this table does.

Faults of the sender are 4xx without exception: bad input must never look like a failure of ours.
"""

STATUS_BY_CODE: dict[str, int] = {
    # the station and its key
    "station_key_invalid": 401,
    "scan_not_found": 404,
    "station_unknown": 404,
    "model_not_served": 404,
    "port_unknown": 404,
    "station_exists": 409,
    "station_invalid": 422,
    # the request
    "request_error": 400,
    "idempotency_key_missing": 400,
    "idempotency_key_invalid": 400,
    "multipart_malformed": 400,
    "infer_request_invalid": 400,
    "tensor_invalid": 400,
    "client_gone": 400,
    "request_timeout": 408,
    "request_in_flight": 409,
    "body_too_large": 413,
    "media_type_unsupported": 415,
    "request_invalid": 422,
    "idempotency_key_reused": 422,
    "image_unknown": 422,
    "channels_invalid": 422,
    "busy": 429,
    # the image
    "image_too_large": 413,
    "image_unsupported": 415,
    "image_malformed": 422,
    "image_undecodable": 422,
    "channels_differ": 422,
    "sidecar_malformed": 422,
    "digest_mismatch": 422,
    "scan_error": 422,
    # ours: nothing was acknowledged, the same request may be repeated
    "database_unavailable": 503,
    "decoder_unavailable": 503,
    "store_unavailable": 503,
    "store_error": 503,
    "store_full": 507,
    # ours: needs an operator
    "object_missing": 503,
    "object_corrupt": 503,
    "px16_malformed": 500,
    "inference_error": 500,
    "policy_invalid": 500,
    "model_not_ready": 503,
    "engine_error": 500,
    "engine_timeout": 503,
    "rescore_error": 500,
    "rescore_mismatch": 409,
    "model_error": 500,
    "model_unreadable": 500,
    "model_not_pinned": 500,
    "model_architecture_unknown": 500,
    "model_contract_invalid": 500,
    "model_output_invalid": 500,
}
