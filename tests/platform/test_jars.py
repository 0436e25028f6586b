"""Kafka's jars are those of the lock, or Kafka does not start."""

import http.server
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.home import Refusal

BROKEN = "org/apache/kafka/kafka-clients/4.3.1/kafka-clients-4.3.1.jar"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def whole() -> Path:
    """This machine's cache, complete."""
    jars.jars(lambda line: None)
    return jars.cache_folder() / "maven"


@pytest.fixture
def truncated(whole: Path, tmp_path: Path) -> Path:
    """A copy of it in which one jar ends early, as an interrupted download leaves it."""
    shutil.copytree(whole, tmp_path / "maven")
    jar = tmp_path / "maven" / BROKEN
    jar.write_bytes(jar.read_bytes()[:-1000])
    return tmp_path


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository on this machine, empty at first."""
    folder = tmp_path_factory.mktemp("mirror")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv(jars.REPOSITORY_VARIABLE, f"http://127.0.0.1:{server.server_port}")
        yield folder
        server.shutdown()
        thread.join()


def serve(mirror: Path, content: bytes) -> None:
    (mirror / BROKEN).parent.mkdir(parents=True)
    (mirror / BROKEN).write_bytes(content)


def test_the_lock_names_every_jar_that_maven_would_give(whole: Path) -> None:
    assert {str(jar.relative_to(whole)) for jar in jars.resolve(whole, lambda line: None)} == jars.read_lock().keys()


def test_a_truncated_jar_is_seen(truncated: Path) -> None:
    assert jars.differing(truncated / "maven", jars.read_lock()) == [BROKEN]


def test_a_truncated_jar_is_downloaded_again(whole: Path, truncated: Path, mirror: Path) -> None:
    serve(mirror, (whole / BROKEN).read_bytes())
    said: list[str] = []
    assert truncated / "maven" / BROKEN in jars.jars(said.append, truncated)
    assert jars.differing(truncated / "maven", jars.read_lock()) == []
    assert said[0].startswith("downloading 1 of Kafka 4.3.1's jars")


def test_other_bytes_than_the_locks_are_refused(truncated: Path, mirror: Path) -> None:
    serve(mirror, b"other bytes")
    with pytest.raises(Refusal, match=r"differ from kafka.lock even when downloaded anew: .*kafka-clients"):
        jars.jars(lambda line: None, truncated)


def test_without_the_network_it_says_what_to_do(truncated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(jars.REPOSITORY_VARIABLE, "http://127.0.0.1:9")
    with pytest.raises(Refusal, match="the first start needs the network"):
        jars.jars(lambda line: None, truncated)
