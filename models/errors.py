"""Errors of the models package.

ModelError                      model_error
├── ModelUnreadableError        model_unreadable        no such file, or not ours to read
├── ModelNotPinnedError         model_not_pinned        bytes whose digest no manifest names
│   └── ManifestUntrustedError  model_manifest_untrusted  a manifest that no trusted key has signed
├── ModelContractError          model_contract_invalid  a file that does not say what it needs and gives
├── ModelGraphError             model_graph_unsupported a graph that an engine of ours cannot run
├── UnknownArchitectureError    model_architecture_unknown
└── ModelOutputError            model_output_invalid    NaN, or shapes the contract does not promise
"""


class ModelError(Exception):
    """Base of everything this package raises on purpose."""

    code: str = "model_error"


class ModelUnreadableError(ModelError):
    """The named model file cannot be read."""

    code = "model_unreadable"


class ModelNotPinnedError(ModelError):
    """The model is not one that this deployment has agreed to run."""

    code = "model_not_pinned"


class ManifestUntrustedError(ModelNotPinnedError):
    """Nobody whose word counts here has signed the manifest: it pins nothing."""

    code = "model_manifest_untrusted"


class ModelContractError(ModelError):
    """The model file carries no contract, or one this version cannot read."""

    code = "model_contract_invalid"


class ModelGraphError(ModelError):
    """The file's graph has an operator, or a way of one, that this version does not know."""

    code = "model_graph_unsupported"


class UnknownArchitectureError(ModelError):
    """No architecture has that name."""

    code = "model_architecture_unknown"


class ModelOutputError(ModelError):
    """The model answered with something that is not an answer; never take it for "nothing found"."""

    code = "model_output_invalid"
