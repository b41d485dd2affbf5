"""Which model files may be loaded: only those a manifest pins by sha256.

The bytes are read once, hashed, and those same bytes are handed on: nothing can be swapped in between.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.errors import ModelNotPinnedError

DEFAULT_MANIFEST: Final = Path(__file__).parent / "weights" / "manifest.json"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class ManifestEntry:
    """One agreed model file; ``file`` is relative to the manifest."""

    name: str
    file: str
    sha256: str
    card: str = ""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The agreed models, the detector used when none is named, and the cargo model beside it, if any."""

    folder: Path
    default: str
    models: tuple[ManifestEntry, ...]
    cargo: str | None = None


@dataclass(frozen=True, kw_only=True)
class PinnedModel:
    """A model file whose digest the manifest names."""

    name: str
    digest: str
    data: bytes


def load_manifest(path: Path = DEFAULT_MANIFEST) -> Manifest:
    """Read a manifest.

    Raises:
        ModelNotPinnedError: If it is missing or malformed: then nothing is pinned.
    """
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(
            ManifestEntry(name=m["name"], file=m["file"], sha256=m["sha256"], card=m.get("card", ""))
            for m in fields["models"]
        )
        manifest = Manifest(
            folder=path.parent, default=fields["default"], models=entries, cargo=fields.get("cargo")
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelNotPinnedError(f"model manifest {path} cannot be read ({error}); restore it") from error
    bad = [entry.name for entry in manifest.models if not _DIGEST.fullmatch(entry.sha256)]
    if bad:
        raise ModelNotPinnedError(
            f"model manifest {path} pins {bad} by something that is not a sha256; correct it"
        )
    return manifest


def pinned_digest(name: str, *, manifest_path: Path = DEFAULT_MANIFEST) -> str | None:
    """Return which digest the manifest pins under a name at this moment; "default" is its default.

    Returns:
        The sha256, or None if it has no such name: then it is a path, whose file does not change its name.

    Raises:
        ModelNotPinnedError: If the manifest is missing or malformed.
    """
    manifest = load_manifest(manifest_path)
    wanted = manifest.default if name == "default" else name
    return next((entry.sha256 for entry in manifest.models if entry.name == wanted), None)


def read_pinned_model(
    name_or_path: str | Path | None = None, *, manifest_path: Path = DEFAULT_MANIFEST
) -> PinnedModel:
    """Read a model's bytes if the manifest pins them.

    Args:
        name_or_path: A name in the manifest, a path to a file with a pinned digest, or None: the default.
        manifest_path: Which manifest decides.

    Raises:
        ModelNotPinnedError: If the name is unknown, the file is missing or its digest is not pinned.
    """
    manifest = load_manifest(manifest_path)
    wanted = str(name_or_path or manifest.default)
    named = [entry for entry in manifest.models if entry.name == wanted]
    path = manifest.folder / named[0].file if named else Path(wanted)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelNotPinnedError(
            f"model {wanted!r} is no name in {manifest_path} and no readable file; check the name"
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    for entry in named or manifest.models:
        if entry.sha256 == digest:
            return PinnedModel(name=entry.name, digest=digest, data=data)
    raise ModelNotPinnedError(
        f"model file {path} has sha256 {digest}, which {manifest_path} does not pin; restore it, or pin it"
    )
