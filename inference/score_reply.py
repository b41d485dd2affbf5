"""What a scoring child is asked, and how it replies: a byte, and then what a client gets or a fault as JSON.

Apart from both, so that the parent imports no runtime, no codec and no numpy.
"""

from enum import StrEnum
from typing import Final

ANSWER, FAULT = b"+", b"-"
MAX_REPLY_BYTES: Final = 8 << 20
N_LENGTH_BYTES: Final = 4
"""An answer with tensors begins with the length of its JSON, little-endian; 0 if all of it is JSON."""


class Ask(StrEnum):
    """What a job is about."""

    FINDINGS = "findings"
    DESCRIBE = "describe"
    INFER = "infer"
