"""Gate photos of a case, as they were sent."""

from collections.abc import Mapping, Sequence
from typing import Final

from review_ui.database import Pool
from review_ui.errors import PhotoNotFoundError
from scans.store import ScanStore

# What every browser shows. A photo in another format is not offered.
MEDIA_TYPES: Final[Mapping[str, str]] = {"jpeg": "image/jpeg", "png": "image/png"}

# The formats of the photos of scan ``s``, in their order; null for one that we do not know.
PHOTO_FORMATS: Final = """
    SELECT array_agg(i.format ORDER BY g.place)
    FROM jsonb_array_elements_text(s.gate_photos) WITH ORDINALITY AS g (digest, place)
    LEFT JOIN images i ON i.digest = decode(g.digest, 'hex')
"""
# $1 case, $2 index of the photo.
PHOTO_SQL: Final = """
SELECT i.format, encode(i.digest, 'hex') AS digest
FROM cases c JOIN scans s USING (scan_id) JOIN images i ON i.digest = decode(s.gate_photos ->> $2::int, 'hex')
WHERE c.case_id = $1
"""
MAX_INDEX: Final = 1000


class GatePhotoReader:
    """Reads photos from the store, which checks their digest. Who may see them is the routes' concern."""

    def __init__(self, pool: Pool, store: ScanStore) -> None:
        self._pool = pool
        self._store = store

    async def read(self, case_id: int, index: int) -> tuple[bytes, str]:
        """Return a photo's bytes and media type.

        Raises:
            PhotoNotFoundError: If the case has no such photo, or it is none that a browser shows.
            ObjectMissingError: If it is lost.
            ObjectCorruptError: If it is damaged.
            StoreUnavailableError: If the store does not answer.
        """
        row = await self._pool.fetchrow(PHOTO_SQL, case_id, index) if index <= MAX_INDEX else None
        media_type = None if row is None else MEDIA_TYPES.get(row["format"])
        if row is None or media_type is None:
            raise PhotoNotFoundError(f"case {case_id} has no photo {index}")
        return await self._store.get(row["digest"]), media_type


def shown_photos(formats: Sequence[str | None] | None) -> list[int]:
    """Return the indices of the photos that can be shown."""
    return [index for index, one in enumerate(formats or []) if one in MEDIA_TYPES]
