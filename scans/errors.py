"""Every error of the pixel domain, one tree.

    ScanError                         scan_error
    ├── ImageMalformedError           image_malformed      the file breaks its own format
    ├── ImageUnsupportedError         image_unsupported    a sound file of a kind we do not read
    ├── ImageTooLargeError            image_too_large      beyond a limit on bytes or pixels
    ├── ImageUndecodableError         image_undecodable    sound structure, but no pixels came out
    ├── ChannelsDifferError           channels_differ      high and low energy do not fit together
    ├── SidecarMalformedError         sidecar_malformed    the scanner's own description cannot be read
    ├── DigestMismatchError           digest_mismatch      the bytes are not those that were announced
    ├── DecoderUnavailableError       decoder_unavailable  no decoding process can be started; try again later
    ├── Px16Error                     px16_malformed       a stored px16 object breaks its layout
    └── StoreError                    store_error
        ├── StoreFullError            store_full           no room; nothing was stored, try again later
        ├── StoreUnavailableError     store_unavailable    the store does not answer; try again later
        ├── ObjectMissingError        object_missing       never stored here, or lost
        └── ObjectCorruptError        object_corrupt       stored bytes no longer match their digest

The first seven speak about what was sent and are the sender's to mend; the others speak about us.
"""

from typing import ClassVar


class ScanError(Exception):
    """Base of everything that goes wrong with pixels and their storage."""

    code: ClassVar[str] = "scan_error"


class ImageMalformedError(ScanError):
    """The file breaks the rules of the format that its first bytes announce."""

    code = "image_malformed"


class ImageUnsupportedError(ScanError):
    """The file is no image, or an image of a kind that is not read here."""

    code = "image_unsupported"


class ImageTooLargeError(ScanError):
    """The file, or the picture that it declares, is larger than the limits allow."""

    code = "image_too_large"


class ImageUndecodableError(ScanError):
    """The structure passed inspection, but decoding failed, ran out of memory or took too long."""

    code = "image_undecodable"


class ChannelsDifferError(ScanError):
    """The two energies of a scan are not two one-channel pictures of one size."""

    code = "channels_differ"


class SidecarMalformedError(ScanError):
    """What a scanner wrote beside its images is no XML or JSON that can be read."""

    code = "sidecar_malformed"


class DigestMismatchError(ScanError):
    """The bytes do not have the sha256 that was announced for them; nothing was stored."""

    code = "digest_mismatch"


class DecoderUnavailableError(ScanError):
    """No decoding process can be started, or the decoder was closed. It says nothing about the image."""

    code = "decoder_unavailable"


class Px16Error(ScanError):
    """A px16 object or frame breaks the layout in docs/reference/px16.md."""

    code = "px16_malformed"


class StoreError(ScanError):
    """Base of what goes wrong in a scan store."""

    code = "store_error"


class StoreFullError(StoreError):
    """The store has no room left. Nothing was stored; the same call succeeds once there is room."""

    code = "store_full"


class StoreUnavailableError(StoreError):
    """The store does not answer or refuses us. Nothing can be said about its objects."""

    code = "store_unavailable"


class ObjectMissingError(StoreError):
    """No object of this digest is in the store."""

    code = "object_missing"


class ObjectCorruptError(StoreError):
    """The stored bytes no longer have the digest they are stored under; they are never returned."""

    code = "object_corrupt"
