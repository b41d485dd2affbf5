"""The reasons a reviewer may give for a verdict, as a policy lists them.

Decisions carry the codes for years, so a code stays in the policy for good: it is never given a second
meaning, and one that is no longer wanted loses its verdicts. Its names then still name it in old decisions.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from review_queue.cases import Verdict
from review_queue.errors import QueuePolicyInvalidError

FIELDS: Final = ("code", "zh", "en", "verdicts")
# What the page's keys, one line of a decision and the column that holds the codes have room for.
CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_NAME: Final = 60
MAX_CODES: Final = 100


@dataclass(frozen=True, kw_only=True)
class ReasonCode:
    """One reason.

    Attributes:
        code: What a decision stores.
        zh: Its name in Chinese.
        en: Its name in English.
        verdicts: For which verdicts it is offered; none once it is retired.

    Raises:
        QueuePolicyInvalidError: If a value is not what it says here.
    """

    code: str
    zh: str
    en: str
    verdicts: frozenset[Verdict]

    def __post_init__(self) -> None:
        if not isinstance(self.code, str) or CODE.fullmatch(self.code) is None:
            raise QueuePolicyInvalidError(
                f"reason_codes has the code {self.code!r}; a code is a small letter, then small letters, "
                "digits and _, at most 40 in all"
            )
        for language in ("zh", "en"):
            name = getattr(self, language)
            if not isinstance(name, str) or not _is_name(name):
                raise QueuePolicyInvalidError(
                    f"reason_codes.{self.code}.{language} is {name!r}; a name is one line of 1 to {MAX_NAME} "
                    "characters, with no space around it"
                )

    @classmethod
    def from_json(cls, body: object) -> Self:
        """Read a reason from a parsed JSON document.

        Raises:
            QueuePolicyInvalidError: If it is no object, a field is missing or unknown, or has no such value.
        """
        if not isinstance(body, Mapping) or sorted(map(str, body)) != sorted(FIELDS):
            raise QueuePolicyInvalidError(
                f"reason_codes has {body!r}; each is an object with {', '.join(FIELDS)}"
            )
        code, verdicts = body["code"], body["verdicts"]
        known = [str(verdict) for verdict in Verdict]
        if not isinstance(verdicts, list) or not all(verdict in known for verdict in verdicts):
            raise QueuePolicyInvalidError(
                f"reason_codes.{code}.verdicts is {verdicts!r}; it has to be a list of {', '.join(known)}"
            )
        return cls(
            code=code,
            zh=body["zh"],
            en=body["en"],
            verdicts=frozenset(Verdict(verdict) for verdict in verdicts),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the reason as a JSON document that ``from_json`` reads."""
        verdicts = [str(verdict) for verdict in Verdict if verdict in self.verdicts]
        return {"code": self.code, "zh": self.zh, "en": self.en, "verdicts": verdicts}


def check_list(reasons: Sequence[ReasonCode]) -> None:
    """Check what reasons of one policy may not be to one another.

    Raises:
        QueuePolicyInvalidError: If there are too many, two share a code, or two that are offered for the
            same verdict have the same name.
    """
    if len(reasons) > MAX_CODES:
        raise QueuePolicyInvalidError(f"reason_codes has {len(reasons)} entries; there may be {MAX_CODES}")
    _refuse_repeated("code", [reason.code for reason in reasons])
    for verdict in Verdict:
        offered = [reason for reason in reasons if verdict in reason.verdicts]
        _refuse_repeated(f"Chinese name for {verdict}", [reason.zh for reason in offered])
        _refuse_repeated(f"English name for {verdict}", [reason.en for reason in offered])


def _refuse_repeated(what: str, words: Sequence[str]) -> None:
    word, n = Counter(words).most_common(1)[0] if words else ("", 0)
    if n > 1:
        raise QueuePolicyInvalidError(f"reason_codes has the {what} {word!r} {n} times; give each its own")


def _is_name(name: str) -> bool:
    is_line = all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in name)
    return is_line and name == name.strip() and 1 <= len(name) <= MAX_NAME


def _reason(code: str, zh: str, en: str, *verdicts: Verdict) -> ReasonCode:
    return ReasonCode(code=code, zh=zh, en=en, verdicts=frozenset(verdicts))


_OPENS: Final = (Verdict.INSPECT, Verdict.ESCALATE)

DEFAULT_REASON_CODES: Final = (
    _reason("no_anomaly", "未见异常", "Nothing unusual", Verdict.RELEASE),
    _reason("matches_declaration", "与申报相符", "Matches the declaration", Verdict.RELEASE),
    _reason("finding_rejected", "排除误报", "False alarm of the model", Verdict.RELEASE),
    _reason("concealment", "夹藏嫌疑", "Suspected concealment", *_OPENS),
    _reason("contraband", "疑似违禁品", "Suspected contraband", *_OPENS),
    _reason("goods_mismatch", "品名不符", "Goods not as declared", *_OPENS),
    _reason("quantity_mismatch", "数量不符", "Quantity not as declared", *_OPENS),
    _reason("not_empty", "申报空箱有货", "Declared empty, is not", *_OPENS),
    _reason("image_anomaly", "图像异常", "Odd image", *_OPENS, Verdict.RESCAN),
    _reason("impenetrable", "难以穿透", "Not penetrated", *_OPENS, Verdict.RESCAN),
    _reason("undecided", "难以判定", "Hard to judge", *_OPENS),
    _reason("image_incomplete", "图像不完整", "Incomplete image", Verdict.RESCAN),
    _reason("image_quality", "图像质量差", "Poor image quality", Verdict.RESCAN),
    _reason("wrong_vehicle", "车箱不符", "Not the announced vehicle", Verdict.RESCAN, Verdict.INSPECT),
    _reason("other", "其他", "Other", *Verdict),
)
