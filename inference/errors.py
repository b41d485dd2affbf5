"""Every error of intake, screening and re-scoring, one tree.

InferenceError                       inference_error
├── StationKeyInvalidError           station_key_invalid        no key, a wrong one, or a revoked one
├── StationUnknownError              station_unknown            no station of this id
├── StationExistsError               station_exists             the id is taken
├── StationInvalidError              station_invalid            its id or webhook address is unusable
├── PortUnknownError                 port_unknown               no port of this code
├── PortInvalidError                 port_invalid               its code is unusable
├── ScanNotFoundError                scan_not_found             none, or another station's
├── RequestError                     request_error              base of what a sender can mend
│   ├── RequestInvalidError          request_invalid            the JSON breaks the schema
│   ├── MultipartMalformedError      multipart_malformed        the body is no sound multipart form
│   ├── MediaTypeError               media_type_unsupported     neither JSON nor multipart
│   ├── BodyTooLargeError            body_too_large             longer than the limit
│   ├── RequestTimeoutError          request_timeout            the body arrived too slowly
│   ├── ClientGoneError              client_gone                the sender hung up half-way
│   ├── IdempotencyKeyMissingError   idempotency_key_missing
│   ├── IdempotencyKeyInvalidError   idempotency_key_invalid
│   ├── IdempotencyKeyReusedError    idempotency_key_reused     same key, another body
│   ├── RequestInFlightError         request_in_flight          same key, being handled now
│   ├── ImageUnknownError            image_unknown              a digest nobody uploaded
│   ├── ChannelsInvalidError         channels_invalid           files and channels do not fit
│   ├── InferRequestInvalidError     infer_request_invalid      no request of the inference protocol
│   └── TensorInvalidError           tensor_invalid             type, shape or values do not fit the model
├── BusyError                        busy                       over budget; try again later
├── DatabaseUnavailableError         database_unavailable       try again later
├── PolicyInvalidError               policy_invalid             the stored triage policy is unusable
├── ModelNotServedError              model_not_served           no such model or version here
├── ModelNotReadyError               model_not_ready            none is loaded, or the engine hangs
├── EngineError                      engine_error               the model did not give an answer
│   └── EngineTimeoutError           engine_timeout
└── RescoreError                     rescore_error
    ├── RescoreMismatchError         rescore_mismatch           the folder holds another run
    └── RayMissingError              ray_missing                Ray is asked for and not installed
"""

from typing import ClassVar


class InferenceError(Exception):
    """Base of everything that goes wrong in this package."""

    code: ClassVar[str] = "inference_error"


class StationKeyInvalidError(InferenceError):
    """The request carries no usable station key. The message never says which part was wrong."""

    code = "station_key_invalid"


class StationUnknownError(InferenceError):
    """No station has this id."""

    code = "station_unknown"


class StationExistsError(InferenceError):
    """A station with this id exists already."""

    code = "station_exists"


class StationInvalidError(InferenceError):
    """The station's id or webhook address cannot be used."""

    code = "station_invalid"


class PortInvalidError(InferenceError):
    """The code of a port cannot be used."""

    code = "port_invalid"


class PortUnknownError(InferenceError):
    """No port has this code."""

    code = "port_unknown"


class ScanNotFoundError(InferenceError):
    """There is no such scan, or it is another station's; the two are not told apart."""

    code = "scan_not_found"


class RequestError(InferenceError):
    """Base of faults in a request that its sender can mend."""

    code = "request_error"


class RequestInvalidError(RequestError):
    """The JSON breaks the schema; the message names the fields."""

    code = "request_invalid"


class MultipartMalformedError(RequestError):
    """The body is no sound multipart form, or has unexpected parts."""

    code = "multipart_malformed"


class MediaTypeError(RequestError):
    """The content type is not one that this route takes."""

    code = "media_type_unsupported"


class BodyTooLargeError(RequestError):
    """The body, or one part of it, is longer than the limit."""

    code = "body_too_large"


class RequestTimeoutError(RequestError):
    """The body did not arrive in time."""

    code = "request_timeout"


class ClientGoneError(RequestError):
    """The sender hung up before the body was complete; nothing was stored."""

    code = "client_gone"


class IdempotencyKeyMissingError(RequestError):
    """A scan needs the header ``Idempotency-Key``."""

    code = "idempotency_key_missing"


class IdempotencyKeyInvalidError(RequestError):
    """The idempotency key is too long or has characters other than visible ASCII."""

    code = "idempotency_key_invalid"


class IdempotencyKeyReusedError(RequestError):
    """This station used the key before, for another scan."""

    code = "idempotency_key_reused"


class RequestInFlightError(RequestError):
    """A request with the same key is being handled at this moment."""

    code = "request_in_flight"

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ImageUnknownError(RequestError):
    """The scan names an image that is not stored here; upload it first."""

    code = "image_unknown"


class ChannelsInvalidError(RequestError):
    """The named channels contradict each other or the files."""

    code = "channels_invalid"


class InferRequestInvalidError(RequestError):
    """The body is no request of the inference protocol, or asks for an extension that is not offered."""

    code = "infer_request_invalid"


class TensorInvalidError(RequestError):
    """The tensor's type, shape or values are not what the model takes."""

    code = "tensor_invalid"


class BusyError(InferenceError):
    """More work is in hand than the limits allow; nothing was read or stored.

    Attributes:
        retry_after_s: When to try again, seconds.
    """

    code = "busy"

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DatabaseUnavailableError(InferenceError):
    """The database does not answer. Nothing was acknowledged; the same request may be repeated."""

    code = "database_unavailable"

    def __init__(self, message: str, *, retry_after_s: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PolicyInvalidError(InferenceError):
    """There is no triage policy, or the newest one cannot be read."""

    code = "policy_invalid"


class ModelNotServedError(InferenceError):
    """The model or version of the path is not the one that is loaded here."""

    code = "model_not_served"


class ModelNotReadyError(InferenceError):
    """There is no loaded model, or its engine does not answer."""

    code = "model_not_ready"

    def __init__(self, message: str, *, retry_after_s: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineError(InferenceError):
    """The model did not give an answer; the scan stays unscreened."""

    code = "engine_error"


class EngineTimeoutError(EngineError):
    """The model did not answer within the time limit."""

    code = "engine_timeout"


class RescoreError(InferenceError):
    """A re-scoring run cannot go on."""

    code = "rescore_error"


class RescoreMismatchError(RescoreError):
    """The output folder belongs to a run with another model, policy or choice of scans."""

    code = "rescore_mismatch"


class RayMissingError(RescoreError):
    """Ray is asked for, and its packages are not installed."""

    code = "ray_missing"
