"""Which model files may be loaded: only those that a signed manifest pins by sha256.

The bytes are read once, hashed, and those same bytes are handed on: nothing can be swapped in between.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from models.errors import ManifestUntrustedError, ModelNotPinnedError
from models.manifest_signature import PROGRAM_KEY, ManifestSigner, check_signature, with_signature

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
        folder: Of the manifest.
        default: The detector used when none is named.
        cargo: The model beside it that compares cargo with its declaration, if any.
        by_modality: The detector of a modality that has its own; None: no model has learnt it, people look.
        key_id: Of the key that signed it.
    """

    folder: Path
    default: str
    models: tuple[ManifestEntry, ...]
    cargo: str | None = None
    by_modality: Mapping[str, str | None] = field(default_factory=dict)
    key_id: str = ""


@dataclass(frozen=True, kw_only=True)
class PinnedFile:
    """Where a model's bytes are, and which bytes may be there: ``allowed`` is names by sha256."""

    path: Path
    allowed: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PinnedModel:
    """A model file whose digest the manifest names."""

    name: str
    digest: str
    data: bytes


def load_manifest(path: Path = DEFAULT_MANIFEST, *, keys: Sequence[Path] = (PROGRAM_KEY,)) -> Manifest:
    """Read a manifest.

    Args:
        path: Of the manifest.
        keys: Public keys (PEM); one of them must have signed it.

    Raises:
        ModelNotPinnedError: If it is missing or malformed: then nothing is pinned. ManifestUntrustedError if
            no key holds.
    """
    fields = read_fields(path)
    try:
        key_id = check_signature(fields, keys)
    except ManifestUntrustedError as error:
        raise ManifestUntrustedError(
            f"model manifest {path} is not trusted: {error}; restore it, sign it with `shenxiang model "
            "sign`, or name the key that signed it in SHENXIANG_MANIFEST_KEYS"
        ) from error
    return _to_manifest(path, fields, key_id)


def read_fields(path: Path) -> dict[str, Any]:
    """Read a manifest as it stands, whoever has signed it or not: to sign it, not to load models by it.

    Raises:
        ModelNotPinnedError: If it is missing or malformed.
    """
    try:
        fields: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelNotPinnedError(f"model manifest {path} cannot be read ({error}); restore it") from error
    _to_manifest(path, fields, "")
    return dict(fields)


def write_signed(path: Path, fields: Mapping[str, Any], signer: ManifestSigner) -> None:
    """Sign a manifest's fields and put them in the place of the old ones, as a whole."""
    text = json.dumps(with_signature(fields, signer), indent=2, ensure_ascii=False)
    new = path.with_name(f"{path.name}.new")
    new.write_text(f"{text}\n", encoding="utf-8")
    new.replace(path)


def check_files(path: Path) -> None:
    """Check that every file that a manifest names holds what it pins, whoever has signed it.

    Raises:
        ModelNotPinnedError: If one does not.
    """
    for entry in _to_manifest(path, read_fields(path), "").models:
        read_pinned_file(PinnedFile(path=path.parent / entry.file, allowed={entry.sha256: entry.name}))


def _to_manifest(path: Path, fields: Any, key_id: str) -> Manifest:
    try:
        manifest = Manifest(
            folder=path.parent,
            default=fields["default"],
            models=tuple(
                ManifestEntry(name=m["name"], file=m["file"], sha256=m["sha256"], card=m.get("card", ""))
                for m in fields["models"]
            ),
            cargo=fields.get("cargo"),
            by_modality=dict(fields.get("by_modality", {})),
            key_id=key_id,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelNotPinnedError(f"model manifest {path} is not one ({error!r}); restore it") from error
    bad = [entry.name for entry in manifest.models if not _DIGEST.fullmatch(str(entry.sha256))]
    if bad:
        raise ModelNotPinnedError(
            f"model manifest {path} pins {bad} by something that is not a sha256; correct it"
        )
    return manifest


def pinned_digests(
    name: str, *, manifest_path: Path = DEFAULT_MANIFEST, keys: Sequence[Path] = (PROGRAM_KEY,)
) -> tuple[str | None, ...]:
    """Say what the manifest pins now: under a name, for cargo checks, for modalities with their own model.

    Args:
        name: "default" is the manifest's default; a path is in no manifest and never changes its digest.
        manifest_path: Of the manifest.
        keys: See ``load_manifest``.

    Returns:
        The sha256 of each, in a fixed order; None for one that it does not pin.

    Raises:
        ModelNotPinnedError: See ``load_manifest``.
    """
    manifest = load_manifest(manifest_path, keys=keys)
    by_name = {entry.name: entry.sha256 for entry in manifest.models}
    wanted = manifest.default if name == "default" else name
    own = [name for _, name in sorted(manifest.by_modality.items())]
    return tuple(by_name.get(name or "") for name in (wanted, manifest.cargo, *own))


def find_pinned_file(
    name_or_path: str | Path | None = None,
    *,
    manifest_path: Path = DEFAULT_MANIFEST,
    keys: Sequence[Path] = (PROGRAM_KEY,),
) -> PinnedFile:
    """Say where a model's file is and what it may hold.

    Args:
        name_or_path: A name in the manifest, a path to a file with a pinned digest, or None: the default.
        manifest_path: Which manifest decides.
        keys: See ``load_manifest``.

    Raises:
        ModelNotPinnedError: See ``load_manifest``.
    """
    manifest = load_manifest(manifest_path, keys=keys)
    wanted = str(name_or_path or manifest.default)
    named = [entry for entry in manifest.models if entry.name == wanted]
    path = manifest.folder / named[0].file if named else Path(wanted)
    return PinnedFile(path=path, allowed={entry.sha256: entry.name for entry in named or manifest.models})


def read_pinned_file(file: PinnedFile) -> PinnedModel:
    """Read a model's bytes if they are what was pinned.

    Raises:
        ModelNotPinnedError: If the file is missing or holds something else.
    """
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise ModelNotPinnedError(
            f"model {str(file.path)!r} is no name in the manifest and no readable file; check the name"
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest not in file.allowed:
        raise ModelNotPinnedError(
            f"model file {file.path} has sha256 {digest}, which is not pinned; restore it, or pin it"
        )
    return PinnedModel(name=file.allowed[digest], digest=digest, data=data)


def read_pinned_model(
    name_or_path: str | Path | None = None,
    *,
    manifest_path: Path = DEFAULT_MANIFEST,
    keys: Sequence[Path] = (PROGRAM_KEY,),
) -> PinnedModel:
    """Read a model's bytes if the manifest pins them; see ``find_pinned_file`` and ``read_pinned_file``."""
    return read_pinned_file(find_pinned_file(name_or_path, manifest_path=manifest_path, keys=keys))
