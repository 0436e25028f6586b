"""Keys from a real https address, with a certificate that this process trusts."""

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.runtime import jwks
from shared.runtime.errors import Problem

KEY = ec.generate_private_key(ec.SECP256R1())


class Issuer:
    """An https server on this machine; `kids` are the keys that it publishes, `requests` how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.kids, self.requests, self.status = ["a"], 0, 200
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests += 1
                self.send_response(issuer.status)
                if issuer.status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/jwks")
                self.end_headers()
                self.wfile.write(issuer.document())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server.server_address[1]}/jwks"

    def document(self) -> bytes:
        return json.dumps({"keys": [{**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": kid} for kid in self.kids]}).encode()


def certificate(folder: Path) -> Path:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, KEY.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(KEY, hashes.SHA256())
    )
    key = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "issuer.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key)
    return path


@pytest.fixture
def issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    issuer = Issuer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "issuer.pem"))
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()


async def test_keys_are_fetched_once_and_again_for_an_unknown_one_but_not_for_each(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, now = jwks.source(issuer.url), 1000.0
    monkeypatch.setattr("shared.runtime.jwks.time.monotonic", lambda: now)
    assert await keys.find("a")
    assert await keys.find("a")
    assert issuer.requests == 1
    issuer.kids = ["a", "b"]
    assert await keys.find("b") is None
    assert issuer.requests == 1
    now += 10
    assert await keys.find("b")
    assert issuer.requests == 2
    for n in range(50):
        assert await keys.find(f"made-up-{n}") is None
    assert issuer.requests == 2


async def test_a_key_that_the_issuer_withdrew_is_forgotten_and_nobody_waits_for_it(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, now = jwks.RemoteKeys(issuer.url), 1000.0
    monkeypatch.setattr("shared.runtime.jwks.time.monotonic", lambda: now)
    assert await keys.find("a")
    issuer.kids, now = ["b"], now + 601
    assert await keys.find("a")
    assert keys.refreshing
    await keys.refreshing
    assert await keys.find("a") is None
    assert await keys.find("b")


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_known_keys_outlive_an_issuer_that_fails(issuer: Issuer, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    keys, now = jwks.source(issuer.url), 1000.0
    monkeypatch.setattr("shared.runtime.jwks.time.monotonic", lambda: now)
    assert await keys.find("a")
    issuer.status, now = status, now + 20
    assert await keys.find("unknown") is None
    assert issuer.requests == 2
    assert await keys.find("a")


async def test_an_issuer_whose_certificate_nobody_knows_is_not_believed(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Problem, match="issuer-unavailable"):
        await jwks.source(issuer.url).find("a")
    assert issuer.requests == 0
