"""Apache Kafka's jars: one pinned release, each jar checked against kafka.lock at every start.

They come from Maven's central repository, or from the mirror whose address WASL_MAVEN_REPOSITORY holds.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.home import Refusal, disk_full

VERSION = "4.3.1"
COORDINATES = (f"org.apache.kafka:kafka_2.13:{VERSION}", "org.slf4j:slf4j-simple:1.7.36")
REPOSITORY_VARIABLE = "WASL_MAVEN_REPOSITORY"
LOCK = Path(__file__).with_name("kafka.lock")

Say = Callable[[str], None]


def cache_folder() -> Path:
    """WASL_CACHE, or ~/.cache/wasl: outside the repository, so that a fresh clone starts without the network."""
    return Path(os.environ.get("WASL_CACHE") or Path.home() / ".cache" / "wasl").expanduser().resolve()


def read_lock(lock: Path = LOCK) -> dict[str, str]:
    """Path in the Maven layout -> sha256, in the format of sha256sum."""
    pairs = (line.split(maxsplit=1) for line in lock.read_text(encoding="utf-8").splitlines() if line)
    return {path.strip(): digest for digest, path in pairs}


def jars(say: Say, cache: Path | None = None) -> list[Path]:
    """The jars of the lock, downloaded where they are missing or differ. Raises Refusal without a network or when they still differ."""
    repository = (cache or cache_folder()) / "maven"
    repository.mkdir(parents=True, exist_ok=True)
    wanted = read_lock()
    with _alone(repository):
        if wrong := differing(repository, wanted):
            for path in wrong:
                (repository / path).unlink(missing_ok=True)
            _download(repository, len(wrong), say)
        if wrong := differing(repository, wanted):
            raise Refusal(
                f"jars differ from {LOCK.name} even when downloaded anew: {', '.join(wrong)}; do not trust the network they came by"
            )
    return [repository / path for path in sorted(wanted)]


def differing(repository: Path, wanted: dict[str, str]) -> list[str]:
    """The paths of the lock that are missing or have other bytes."""
    return [path for path, digest in wanted.items() if _digest(repository / path) != digest]


def resolve(repository: Path, say: Say, expected: int = 0) -> list[Path]:
    """Every jar that Kafka needs to run, as Maven's rules give them; downloads those that are not in the repository."""
    _trust()
    from jgo.maven import MavenContext, PythonResolver

    mirror = os.environ.get(REPOSITORY_VARIABLE)
    progress = PythonResolver(progress_callback=_Progress(say, expected))
    context = MavenContext(progress, repo_cache=repository, remote_repos={"mirror": mirror} if mirror else None, timeout=30)
    roots = [context.create_dependency(coordinate) for coordinate in COORDINATES]
    for root in roots:
        root.scope = "compile"
    inputs, transitive = context.resolver.resolve(roots)
    needed = [*inputs, *(dependency for dependency in transitive if dependency.scope in ("compile", "runtime"))]
    return sorted(Path(dependency.artifact.resolve()) for dependency in needed)


def write_lock(repository: Path, say: Say) -> None:
    """Pins what Maven gives today; for a change of release only."""
    lines = [f"{_digest(jar)}  {jar.relative_to(repository)}" for jar in resolve(repository, say)]
    LOCK.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _download(repository: Path, missing: int, say: Say) -> None:
    _trust()
    from requests import RequestException

    say(f"downloading {missing} of Kafka {VERSION}'s jars into {repository} (once for this machine)")
    try:
        resolve(repository, say, missing)
    except (RequestException, RuntimeError) as error:
        raise Refusal(
            f"Kafka's jars cannot be downloaded ({type(error).__name__}); the first start needs the network: check the connection and the "
            "proxy settings and run it again, or copy ~/.cache/wasl from a machine that has it"
        ) from error
    except OSError as error:
        if disk_full(error):
            raise
        raise Refusal(f"Kafka's jars cannot be stored in {repository}: {error}") from error


def _trust() -> None:
    """The machine's own certificate authorities count; to be called before the first import of requests."""
    import truststore

    truststore.inject_into_ssl()


class _Progress:
    """jgo's progress protocol: told each jar before its download; says how far it is every three seconds."""

    def __init__(self, say: Say, expected: int) -> None:
        self._say, self._expected = say, expected
        self._jars, self._bytes, self._said = 0, 0, time.monotonic()

    @contextmanager
    def __call__(self, filename: str, size: int) -> Iterator[Callable[[int], None]]:
        self._jars += filename.endswith(".jar")
        yield self._count

    def _count(self, count: int) -> None:
        self._bytes += count
        if time.monotonic() - self._said > 3:
            self._said = time.monotonic()
            self._say(f"  {self._jars} of {self._expected} jars, {self._bytes / 1e6:.0f} MB")


@contextmanager
def _alone(repository: Path) -> Iterator[None]:
    """One download at a time on this machine."""
    with open(repository / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
