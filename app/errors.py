"""The errors a command may end with in one line, without a traceback.

AppError
├── PortTakenError        port_taken         something else listens there
├── SigningKeyError       signing_key_invalid  a key that signs or checks seals or manifests cannot be used
├── ModelServerOpenError  model_server_open  it would be open to the network without a key
├── EngineRemoteError     engine_remote      a model server has to run its model itself
├── TracingPackageMissingError  tracing_package_missing  traces are asked for, their packages are not there
└── SelftestError         selftest_failed    the throwaway system did not come up
"""


class AppError(Exception):
    """Base of this package's errors."""

    code: str = "app_error"


class PortTakenError(AppError):
    """Something else listens on the address."""

    code = "port_taken"


class SigningKeyError(AppError):
    """A key that should sign or check seals or manifests cannot be used."""

    code = "signing_key_invalid"


class ModelServerOpenError(AppError):
    """The model server would answer anybody on the network."""

    code = "model_server_open"


class EngineRemoteError(AppError):
    """A model server would only pass requests on to another one."""

    code = "engine_remote"


class TracingPackageMissingError(AppError):
    """Traces are asked for, and what makes them is not installed."""

    code = "tracing_package_missing"


class SelftestError(AppError):
    """The throwaway system did not come up; the message ends with its last log lines."""

    code = "selftest_failed"
