"""What the administrator's page sends and receives: accounts, stations and their keys, models."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from review_ui.schemas import Role, Strict, Text

MAX_GRACE_S = 30 * 24 * 3600.0
"""The longest overlap of two keys of one station."""

PortCode = Annotated[Text, Field(min_length=2, max_length=12)]


class PortOut(BaseModel):
    """A port that accounts and stations may belong to."""

    code: str
    name_zh: str
    name_en: str


class AdminAccountOut(BaseModel):
    """An account as an administrator sees it."""

    account_id: int
    login: str
    display_name: str
    role: Role
    port: str | None
    quals: list[int] = Field(description="Numbers of the qualification bits held, 0 to 62")
    created_at: datetime
    disabled_at: datetime | None
    last_seen_at: datetime | None = Field(description="The last request of a person, to the minute")
    n_sessions: int = Field(description="Sessions that have not ended")


class NewAccount(Strict):
    """A new account. Its role, port and qualifications are for life."""

    login: Text = Field(min_length=2, max_length=40)
    display_name: Text = Field(min_length=1, max_length=80)
    role: Role
    port: PortCode | None = None
    quals: list[Annotated[int, Field(ge=0, le=62)]] = Field(default=[], max_length=63)


class PasswordOut(BaseModel):
    """A password made by the server, told this once."""

    login: str
    password: str


class StationKeyOut(BaseModel):
    """A key without its secret, which nobody can read back."""

    key_id: str = Field(description="The part between the underscores of sx_<id>_…")
    created_at: datetime
    ends_at: datetime | None = Field(description="When it was revoked, or will end after a rotation")
    state: Literal["live", "ending", "ended"]


class StationOut(BaseModel):
    """A station and its keys, newest first."""

    station_id: str
    port: str
    name: str
    webhook_url: str | None
    created_at: datetime
    disabled_at: datetime | None
    keys: list[StationKeyOut]


class StationIn(Strict):
    """A new station."""

    station_id: Text = Field(min_length=1, max_length=40)
    port: PortCode
    name: Text = Field(min_length=1, max_length=80)
    webhook_url: Text | None = Field(default=None, max_length=500)


class RotateIn(Strict):
    """How long the keys that a station has now still work beside its new one."""

    grace_s: float = Field(default=0.0, ge=0, le=MAX_GRACE_S, allow_inf_nan=False)


class CredentialsOut(BaseModel):
    """What a station is given, told this once."""

    station_id: str
    key: str
    webhook_secret: str | None = None


class ModelOut(BaseModel):
    """A model file that the manifest pins."""

    name: str
    file: str
    sha256: str = Field(description="That the manifest pins; nothing else is loaded")
    is_intact: bool = Field(description="Whether the file here has this digest")
    size_bytes: int | None = Field(description="Of the file here; null when it is missing")
    is_active: bool = Field(description="Whether this server's settings choose it for screening")
    card: str = Field(description="The model's card, Markdown; empty without one")


class ScreeningModelOut(BaseModel):
    """A model that made some of the newest screenings, on whatever machine."""

    model_name: str
    model_version: str
    sha256: str
    engine: str
    n_screenings: int
    last_at: datetime


class ModelsOut(BaseModel):
    """Which models there are here, and which have been at work."""

    models: list[ModelOut]
    at_work: list[ScreeningModelOut] = Field(description="In the newest thousand screenings")
