from pathlib import Path

import pytest

from shared.runtime.settings import Settings, load


class Own(Settings):
    port: int = 8001
    hmac_key: str


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("WASL_"):
            monkeypatch.delenv(name)


def test_a_service_adds_its_own_and_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASL_DATABASE_URL", "postgresql://app:hunter2@h/d")
    monkeypatch.setenv("WASL_HMAC_KEY", "k")
    monkeypatch.setenv("WASL_KAFKA_SESSION_TIMEOUT_MS", "6000")
    settings = load(Own)
    assert (settings.port, settings.kafka_session_timeout_ms, settings.clock, settings.replica) == (8001, 6000, "real", None)
    assert "hunter2" not in repr(settings)


def test_what_is_wrong_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WASL_DATABASE_URL", "postgresql://app:hunter2@h/d")
    monkeypatch.setenv("WASL_PORT", "hunter2")
    with pytest.raises(SystemExit) as ended:
        load(Own)
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "WASL_PORT" in told
    assert "WASL_HMAC_KEY" in told
    assert "hunter2" not in told


def test_secrets_come_from_files_and_a_variable_goes_before_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wasl_database_url").write_text("postgresql://app:hunter2@h/d\n", encoding="utf-8")
    (tmp_path / "wasl_hmac_key").write_text("from the file", encoding="utf-8")
    monkeypatch.setenv("WASL_SECRETS", str(tmp_path))
    monkeypatch.setenv("WASL_HMAC_KEY", "from the environment")
    settings = load(Own)
    assert (settings.database_url, settings.hmac_key) == ("postgresql://app:hunter2@h/d", "from the environment")
