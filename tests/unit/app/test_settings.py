"""Settings: documented, validated, and sensible without any."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings
from inference.settings import EngineKind

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


def test_settings__every_one_is_documented_with_its_meaning() -> None:
    """The reference page lists exactly the program's settings, each with its description."""
    rows = dict(re.findall(r"^\| `(SHENXIANG_\w+)` \| .*? \| (.*) \|$", DOCS.read_text(), re.MULTILINE))
    expected = {
        f"SHENXIANG_{name.upper()}": field.description for name, field in Settings.model_fields.items()
    }
    assert rows == expected


def test_settings__defaults_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a variable, every role runs on the embedded database and a local folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SHENXIANG_{name.upper()}", raising=False)
    settings = Settings()
    assert settings.dsn is None
    assert settings.store == str(Path("data/store"))
    assert settings.roles == ("intake", "screening", "review")


def test_settings__roles_are_split_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles come comma-separated; an unknown one is refused."""
    monkeypatch.setenv("SHENXIANG_ROLES", "intake, screening")
    assert Settings().roles == ("intake", "screening")
    monkeypatch.setenv("SHENXIANG_ROLES", "intake,dance")
    with pytest.raises(ValidationError):
        Settings()


def test_settings__database_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings does not print the database's password."""
    monkeypatch.setenv("SHENXIANG_DATABASE_URL", "postgresql://u:hunter2@db/x")
    assert "hunter2" not in repr(Settings())
    assert Settings().dsn == "postgresql://u:hunter2@db/x"


@pytest.mark.parametrize("url", [None, "gpu-1:8000", "ftp://gpu-1"])
def test_settings__kserve_needs_an_address(url: str | None) -> None:
    """An engine behind the network without a usable address is refused at the start."""
    with pytest.raises(ValidationError, match=r"ENGINE_URL|engine_url"):
        Settings(engine=EngineKind.KSERVE, engine_url=url)
    assert Settings(engine=EngineKind.KSERVE, engine_url="http://gpu-1:8000").engine is EngineKind.KSERVE
