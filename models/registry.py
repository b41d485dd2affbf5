"""Which model files may be loaded: only those a manifest pins by sha256.

The bytes are read once, hashed, and those same bytes are handed on: nothing can be swapped in between.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """The agreed models.

    Attributes:
        default: The detector used when none is named.
        cargo: The model beside it that compares cargo with its declaration, if any.
        by_modality: The detector of a modality that has its own; None: no model has learnt it, people look.
    """

    folder: Path
    default: str
    models: tuple[ManifestEntry, ...]
    cargo: str | None = None
    by_modality: Mapping[str, str | None] = field(default_factory=dict)


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
            folder=path.parent,
            default=fields["default"],
            models=entries,
            cargo=fields.get("cargo"),
            by_modality=dict(fields.get("by_modality", {})),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelNotPinnedError(f"model manifest {path} cannot be read ({error}); restore it") from error
    bad = [entry.name for entry in manifest.models if not _DIGEST.fullmatch(entry.sha256)]
    if bad:
        raise ModelNotPinnedError(
            f"model manifest {path} pins {bad} by something that is not a sha256; correct it"
        )
    return manifest


def pinned_digests(name: str, *, manifest_path: Path = DEFAULT_MANIFEST) -> tuple[str | None, ...]:
    """Say what the manifest pins at this moment under a name, and for the modalities with their own model.

    Args:
        name: "default" is the manifest's default; a path is in no manifest and never changes its digest.
        manifest_path: Of the manifest.

    Returns:
        The sha256 of each, in a fixed order; None for one that it does not pin.

    Raises:
        ModelNotPinnedError: If the manifest is missing or malformed.
    """
    manifest = load_manifest(manifest_path)
    by_name = {entry.name: entry.sha256 for entry in manifest.models}
    wanted = manifest.default if name == "default" else name
    return (by_name.get(wanted), *(by_name.get(own or "") for _, own in sorted(manifest.by_modality.items())))


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
