"""Every setting of the program, read once from the environment and passed in from here.

With none set, shenxiang runs on the embedded PostgreSQL, a local folder and the CPU.
docs/reference/settings.md lists them; a test compares the two.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from inference.settings import EngineKind, EngineOptions
from models.manifest_signature import PROGRAM_KEY
from models.registry import DEFAULT_MANIFEST
from scans.object_store import S3Access

MiB = 1024 * 1024
Role = Literal["intake", "screening", "review"]
ALL_ROLES: tuple[Role, ...] = ("intake", "screening", "review")


class Settings(BaseSettings):
    """Settings from ``SHENXIANG_*`` variables."""

    model_config = SettingsConfigDict(env_prefix="SHENXIANG_", frozen=True, extra="ignore")

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    data: Path = Field(
        default=Path("data"), description="Data folder: embedded database and, by default, the scan store."
    )
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL 15 or newer to use instead of the embedded one."
    )
    store_url: str | None = Field(
        default=None, description="Scan store: a folder or `s3://bucket/prefix`. Default: `<data>/store`."
    )
    s3_endpoint: str | None = Field(
        default=None,
        description="S3 server of the scan store, `http://HOST:PORT`. Default: `AWS_ENDPOINT_URL`, else AWS.",
    )
    s3_region: str | None = Field(
        default=None, description="Region of the S3 server. Default: `AWS_REGION`, else `us-east-1`."
    )
    s3_access_key_id: str | None = Field(
        default=None,
        description="Access key of the S3 server. Default: the `AWS_*` variables or the machine's role.",
    )
    s3_secret_access_key: SecretStr | None = Field(default=None, description="Secret of that access key.")
    roles: Annotated[tuple[Role, ...], NoDecode] = Field(
        default=ALL_ROLES, description="Comma-separated parts this process runs: intake, screening, review."
    )
    model: str = Field(default="default", description="Pinned model to screen with: a name in the manifest.")
    manifest: Path = Field(
        default=DEFAULT_MANIFEST,
        description="Manifest that pins the models; a changed one is followed while scans are screened. "
        "Default: the one that comes with the program.",
    )
    manifest_keys: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(PROGRAM_KEY,),
        min_length=1,
        description="Comma-separated Ed25519 public keys (PEM); one of them must have signed the manifest. "
        "Default: the one that comes with the program.",
    )
    manifest_signing_key: Path | None = Field(
        default=None,
        description="Ed25519 private key (PEM) that `shenxiang pin` and `shenxiang model sign` sign with. "
        "Default: `<data>/keys/model-ed25519.pem`, made when it is first needed.",
    )
    engine: EngineKind = Field(
        default=EngineKind.ONNXRUNTIME_CPU,
        description="What runs the detector: `onnxruntime-cpu`, `onnxruntime-cuda`, `onnxruntime-tensorrt`, "
        "`openvino`, `openvino-bf16`, `torch-cpu`, `torch-cpu-bf16`, `torch-cuda`, `torch-cuda-bf16` or "
        "`kserve`.",
    )
    engine_batch: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Scans of 1024 × 2560 pixels that the engine runs together at most; of smaller ones "
        "more. 0 measures it on GPUs and takes one on processors.",
    )
    engine_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]",
        description="Address of the inference server behind the engine `kserve`.",
    )
    engine_key: SecretStr | None = Field(
        default=None, description="Bearer token for that inference server, if it asks for one."
    )
    ray_address: str | None = Field(
        default=None,
        description="Ray cluster that `shenxiang rescore --engine ray` uses, `HOST:PORT` or `auto`. "
        "Default: one on this machine, for the run.",
    )
    ray_gpu_share: float = Field(
        default=0.0,
        ge=0,
        le=16,
        description="Part of a GPU that each of its workers takes, such as `0.25`; for engines that use one.",
    )
    audit_key: Path | None = Field(
        default=None,
        description="Ed25519 private key (PEM) that seals the audit trail. "
        "Default: `<data>/keys/audit-ed25519.pem`, made at the first start.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    log_json: bool = Field(default=False, description="Log one JSON object per line.")

    max_image_mb: int = Field(default=96, ge=1, le=2048, description="Largest image body, MiB.")
    max_image_megapixels: int = Field(
        default=120, ge=1, le=2000, description="Largest image, million pixels per channel."
    )
    intake_in_flight_mb: int = Field(
        default=384, ge=1, le=65536, description="Image bytes being received at once; more answers 429."
    )
    receive_timeout_s: float = Field(
        default=60.0, gt=0, le=3600, description="Longest time one request body may take to arrive."
    )
    decode_workers: int = Field(
        default=2, ge=1, le=64, description="Child processes that decode untrusted images."
    )
    decode_memory_mb: int = Field(
        default=1536, ge=256, le=65536, description="Memory limit of one decoding child, MiB."
    )
    decode_timeout_s: float = Field(default=30.0, gt=0, le=600, description="Time limit of one decoding.")
    screening_runners: int = Field(
        default=0, ge=0, le=256, description="Scans screened at once; 0 takes one per core."
    )
    screening_deadline_s: float = Field(
        default=30.0, gt=0, le=3600, description="A scan the model has not screened by then goes to a person."
    )
    read_gate_photos: bool = Field(
        default=False,
        description="Read container numbers on gate photos and compare them with the scan's; "
        "needs the packages of `requirements/ocr.txt`.",
    )
    inference_api: bool = Field(
        default=False,
        description="Answer the KServe v2 inference protocol to station keys where this process screens.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Bearer token that `/metrics` asks for; without one there is no `/metrics`.",
    )
    traces_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Where OpenTelemetry traces are sent (OTLP over HTTP, `http://HOST:4318/v1/traces`); "
        "without it none are made. Needs the packages of `requirements/trace.txt`.",
    )
    traces_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Part of the traces that is kept, 0 to 1, where a sender does not say.",
    )
    scoring_key: SecretStr | None = Field(
        default=None, description="Bearer token for `shenxiang serve-model`; needed off the loopback."
    )
    scoring_wait_s: float = Field(
        default=1.0,
        gt=0,
        le=3600,
        description="`serve-model` answers 429 at once when it would take longer, unless the sender says "
        "`Prefer: wait=SECONDS`.",
    )
    scoring_memory_mb: int = Field(
        default=2048,
        ge=1024,
        le=65536,
        description="Memory limit of one scoring child of `serve-model`, MiB.",
    )
    scoring_megapixels: int = Field(
        default=16, ge=1, le=2000, description="Largest image for `serve-model`, million pixels per channel."
    )
    lease_ttl_s: float = Field(
        default=90.0, ge=5, le=3600, description="A case goes back when its reviewer is silent this long."
    )
    session_idle_min: float = Field(
        default=30.0, gt=0, le=1440, description="A login ends after this long without a request, minutes."
    )
    session_max_h: float = Field(
        default=12.0, gt=0, le=168, description="A login ends at the latest after, hours."
    )
    demo: bool = Field(
        default=False, description="Show the demo accounts on the login page. Set by `shenxiang demo`."
    )

    @field_validator("roles", mode="before")
    @classmethod
    def _split_roles(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("manifest_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check_engine_url(self) -> Self:
        if self.engine is EngineKind.KSERVE and self.engine_url is None:
            raise ValueError("the engine kserve needs the address of its server, SHENXIANG_ENGINE_URL")
        return self

    @property
    def store(self) -> str:
        """The scan store's URL or folder."""
        return self.store_url or str(self.data / "store")

    @property
    def s3_access(self) -> S3Access:
        """Server and key of a scan store in a bucket."""
        secret = self.s3_secret_access_key
        return S3Access(
            endpoint=self.s3_endpoint,
            region=self.s3_region,
            access_key_id=self.s3_access_key_id,
            secret_access_key=secret.get_secret_value() if secret else None,
        )

    def engine_options(self, *, n_calls: int, timeout_s: float = EngineOptions.timeout_s) -> EngineOptions:
        """Which engine runs the detector, for so many calls at once."""
        return EngineOptions(
            kind=self.engine,
            n_calls=n_calls,
            url=self.engine_url,
            key=self.engine_key.get_secret_value() if self.engine_key else None,
            timeout_s=timeout_s,
            n_images=self.engine_batch,
            measured_in=self.data / "batch-sizes",
        )

    @property
    def n_runners(self) -> int:
        """Scans screened at once, by the screening role or by ``serve-model``."""
        return self.screening_runners or os.cpu_count() or 1

    @property
    def dsn(self) -> str | None:
        """The external database's address, or None for the embedded one."""
        return self.database_url.get_secret_value() if self.database_url else None

    def with_changes(self, **changes: object) -> Self:
        """Return a copy with some settings replaced, validated like the original."""
        return type(self)(**{**self.model_dump(), **changes})
