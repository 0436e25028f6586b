"""The local stand-in for an OIDC issuer: a key pair in the platform's folder, its public half as a JWKS file."""

import json
import time
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from deploy.local.home import Home, replace, write_private

ISSUER, AUDIENCE, KEY_ID = "wasl-local", "wasl", "local-1"
ROLES = ("body-agent", "approver", "body-admin", "national-desk", "auditor", "operator", "machine")
NATIONAL = ("national-desk", "auditor", "operator")


class Issuer:
    def __init__(self, home: Home) -> None:
        self._key = home / "issuer" / "key.pem"
        self.jwks: Path = home / "issuer" / "jwks.json"

    def prepare(self) -> None:
        """Makes the key pair where there is none."""
        if self._key.exists() and self.jwks.exists():
            return
        self._key.parent.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_private(self._key, pem.decode())
        public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": KEY_ID, "use": "sig", "alg": "ES256"}
        replace(self.jwks, json.dumps({"keys": [public]}, indent=2) + "\n")

    def make_token(self, role: str, body: str | None = None, sub: str | None = None, hours: float = 12, *, restricted: bool = False) -> str:
        """A staff token, good for so many hours of machine time. Raises ValueError for an unknown role or a body's role without a body."""
        if restricted and role != "national-desk":
            raise ValueError(f"role {role} has no restricted desk; only national-desk has")
        if role not in ROLES:
            raise ValueError(f"no role {role!r}; roles are {', '.join(ROLES)}")
        if (body is None) != (role in NATIONAL):
            raise ValueError(f"role {role} {'takes no body' if body else 'needs a body'}")
        now = time.time()
        claims: dict[str, object] = {"iss": ISSUER, "aud": AUDIENCE, "sub": sub or f"local-{role}", "role": role, "jti": str(uuid4())}
        claims |= {"restricted": True} if restricted else {}
        claims |= {"iat": int(now), "exp": int(now + hours * 3600)} | ({"body": body} if body else {})
        return jwt.encode(claims, self._key.read_text(encoding="utf-8"), algorithm="ES256", headers={"kid": KEY_ID})
