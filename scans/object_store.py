"""A scan store in an S3 bucket, through obstore.

Keys are ``PREFIX/ab/cd/abcd…`` under the sha256. A PUT that S3 acknowledged is durable; the request is
signed over the bytes' sha256, so that S3 refuses bytes that changed on the way. Needs the permissions
GetObject, PutObject and ListBucket (without the last, S3 answers "forbidden" for "not there").
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
import structlog
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from scans.digests import check_read, check_requested, digest_for_storing, is_digest
from scans.errors import (
    ObjectCorruptError,
    ObjectMissingError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from obstore.store import S3Config  # for type checkers only

_FULL = ("status: 507", "StorageFull", "InsufficientStorage", "QuotaExceeded")
"""How S3 servers on our own disks say that there is no room: MinIO, Ceph, SeaweedFS."""

_METADATA_SERVICE = "169.254.169.254"
"""Where a machine in a cloud asks for a key of its own when it was given none."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class S3Access:
    """Where the S3 server is and who we are there. What is None comes from the usual AWS_* variables.

    Attributes:
        endpoint: ``http://HOST:PORT`` or ``https://…``; AWS itself by default.
        region: Part of the signature; most servers that are not AWS take any.
        access_key_id: Names the account.
        secret_access_key: Signs for it.
    """

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)

    def config(self) -> "S3Config":
        """Return what is not None, as obstore names it."""
        config: S3Config = {}
        if self.endpoint is not None:
            config["endpoint"] = self.endpoint
        if self.region is not None:
            config["region"] = self.region
        if self.access_key_id is not None:
            config["access_key_id"] = self.access_key_id
        if self.secret_access_key is not None:
            config["secret_access_key"] = self.secret_access_key
        return config


class ObjectStore:
    """Objects in a bucket."""

    def __init__(
        self,
        url: str,
        access: S3Access | None = None,
        *,
        timeout_s: float = 60.0,
        connect_timeout_s: float = 5.0,
        max_retries: int = 3,
        retry_timeout_s: float = 20.0,
    ) -> None:
        """Prepare to use a bucket; nothing is sent yet.

        Args:
            url: ``s3://BUCKET`` or ``s3://BUCKET/PREFIX``.
            access: Server and key; without it the AWS_* variables say both.
            timeout_s: For one request with its body.
            connect_timeout_s: For reaching the server.
            max_retries: After a broken connection or a 5xx answer.
            retry_timeout_s: No retry begins later than this after the first try.

        Raises:
            StoreUnavailableError: If the URL, the access or the AWS_* variables cannot be used.
        """
        self._url = url.rstrip("/")
        access = access or S3Access()
        self._endpoint = _checked_endpoint(access)
        try:
            self._store = S3Store.from_url(
                self._url,
                config=access.config(),
                # A plain http:// endpoint is for the operator to choose; the default is AWS over https.
                client_options={
                    "allow_http": True,
                    "timeout": timedelta(seconds=timeout_s),
                    "connect_timeout": timedelta(seconds=connect_timeout_s),
                },
                retry_config={
                    "max_retries": max_retries,
                    "retry_timeout": timedelta(seconds=retry_timeout_s),
                },
            )
        except BaseError as error:
            raise StoreUnavailableError(f"cannot use {self._url}: {_first_line(str(error))}") from error

    async def put(self, data: bytes, digest: str | None = None) -> str:
        """Store ``data`` durably and return its digest; see ``ScanStore.put``."""
        actual = await asyncio.to_thread(digest_for_storing, data, digest)
        with self._translated(actual):
            try:
                await obstore.put_async(self._store, _key(actual), data, mode="create")
            except AlreadyExistsError:
                await self._replace_if_damaged(data, actual)
        return actual

    async def get(self, digest: str) -> bytes:
        """Return a verified object; see ``ScanStore.get``."""
        check_requested(digest)
        with self._translated(digest):
            answer = await obstore.get_async(self._store, _key(digest))
            data = bytes(await answer.bytes_async())
        return await asyncio.to_thread(check_read, data, digest, self._place(digest))

    async def get_range(self, digest: str, start: int, end: int) -> bytes:
        """Return unverified bytes of an object; see ``ScanStore.get_range``."""
        check_requested(digest)
        if not 0 <= start <= end:
            raise ValueError(f"no range of bytes: {start} to {end}")
        size = await self._size(digest)
        end = min(end, size)
        if start >= end:
            return b""
        with self._translated(digest):
            return bytes(await obstore.get_range_async(self._store, _key(digest), start=start, end=end))

    async def exists(self, digest: str) -> bool:
        """Say whether an object is there; see ``ScanStore.exists``."""
        if not is_digest(digest):
            return False
        try:
            await self._size(digest)
        except ObjectMissingError:
            return False
        return True

    async def check(self) -> None:
        """Raise if the bucket cannot be reached; see ``ScanStore.check``."""
        with contextlib.suppress(ObjectMissingError), self._translated("store.json"):
            await obstore.get_async(self._store, "store.json")

    async def close(self) -> None:
        """Nothing to do: connections end with the object."""

    async def _size(self, digest: str) -> int:
        """Return an object's size in bytes. HEAD answers 404 without a reason, so the bucket is asked for."""
        try:
            with self._translated(digest):
                return (await obstore.head_async(self._store, _key(digest)))["size"]
        except ObjectMissingError:
            await self.check()
            raise

    async def _replace_if_damaged(self, data: bytes, digest: str) -> None:
        try:
            await self.get(digest)
        except ObjectCorruptError:
            logger.warning("damaged_object_replaced", digest=digest)
            await obstore.put_async(self._store, _key(digest), data, mode="overwrite", use_multipart=False)

    def _place(self, digest: str) -> str:
        return f"{self._url}/{_key(digest)}"

    @contextlib.contextmanager
    def _translated(self, digest: str) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except (BaseError, OSError) as error:
            raise self._meaning(error, digest) from error

    def _meaning(self, error: BaseError | OSError, digest: str) -> StoreError:
        """Tell apart what obstore reports; it raises the built-in FileNotFoundError, too."""
        text = str(error)
        if "NoSuchBucket" in text:
            return StoreUnavailableError(f"{self._url}: there is no such bucket; create it")
        if isinstance(error, NotFoundError | FileNotFoundError):
            return ObjectMissingError(f"{digest} is not in the store {self._url}")
        if any(sign in text for sign in _FULL):
            return StoreFullError(f"{self._url} is full: nothing was stored; make room")
        why = self._refusal(error, text) or f"{digest} is not served: {_first_line(text)}"
        return StoreUnavailableError(f"{self._url}: {why}")

    def _refusal(self, error: BaseError | OSError, text: str) -> str | None:
        """Say what an operator can mend in the settings; None where it is something else."""
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return (
                f"the server refuses our key{_reason(text)}; check the key, its secret and what it may do "
                "(GetObject, PutObject, ListBucket)"
            )
        if _METADATA_SERVICE in text:
            return "no key is set, and this machine has none of its own"
        if "error sending request" in text:
            return f"nobody answers at {self._endpoint}"
        return None


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _checked_endpoint(access: S3Access) -> str:
    """Return the address that obstore will take. It panics in the middle of a request over one that is none.

    Raises:
        StoreUnavailableError: If it is no HTTP address.
    """
    named = (access.endpoint, *map(os.environ.get, ("AWS_ENDPOINT_URL", "AWS_ENDPOINT")))
    endpoint = next((text for text in named if text), None)
    if endpoint is None:
        return "AWS"
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StoreUnavailableError(f"{endpoint!r} is no S3 endpoint: give http://HOST:PORT or https://…")
    return endpoint


def _reason(text: str) -> str:
    """Return the server's own code for a refusal, in brackets; nothing where it gave none (HEAD)."""
    code = re.search(r"<Code>(\w{1,60})</Code>", text)
    return f" ({code[1]})" if code else ""


def _first_line(text: str) -> str:
    """Leave out what obstore writes for its own developers."""
    return text.partition("\n")[0]
