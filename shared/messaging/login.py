"""As whom a process comes to the broker."""

from dataclasses import dataclass
from typing import Any

from shared.runtime.settings import Settings


@dataclass(frozen=True)
class Login:
    servers: str
    user: str
    password: str

    @classmethod
    def of(cls, settings: Settings) -> "Login":
        return cls(settings.kafka, settings.kafka_user or "", settings.kafka_password or "")

    def client(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.servers,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }
