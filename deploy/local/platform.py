"""The whole platform on one machine: what `make up`, the demo and every test start."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Literal

from deploy.local import clocks, databases
from deploy.local import ports as local_ports
from deploy.local.environment import SERVICES, service_environment
from deploy.local.home import REPO, Home, Refusal
from deploy.local.issuer import Issuer
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.processes import clean_environment, stop_leftovers
from deploy.local.supervisor import Supervisor
from deploy.local.together import together
from shared.messaging import topics

Say = Callable[[str], None]


class Platform:
    """PostgreSQL, Kafka and the five services on the folder `home`; data survives `stop`.

    `clock`: "real"; "sim:<epoch>,<started>,<speed>"; "file" (stands still until `set_clock`); None: as this folder was begun.
    `services`: False starts PostgreSQL and Kafka only. `fast`: a test's settings, seconds for hours. `ports`: "free" ones for all, or
    the "fixed" 8001–8005 for the services. `environment`: more WASL_ settings by service. `say` is told each step.
    What cannot be done raises Refusal, with the next step in words.
    """

    def __init__(
        self,
        home: Path | None = None,
        clock: str | None = "real",
        services: bool = True,
        fast: bool = True,
        ports: Literal["free", "fixed"] = "free",
        environment: Mapping[str, Mapping[str, str]] = {},
        say: Say = lambda line: None,
    ) -> None:
        self.home = Home(home)
        self.issuer = Issuer(self.home)
        self._wanted_clock, self._fixed, self._fast, self._say = clock, ports == "fixed", fast, say
        self.services = list(SERVICES) if services else []
        self._environment = environment
        self._running = ExitStack()
        self._stopping = threading.Lock()

    @classmethod
    def attach(cls, home: Path | None = None) -> "Platform":
        """The running platform of that folder, to look at from another process: its addresses, settings and tokens."""
        platform = cls(home, clock=None)
        if not platform.home.running():
            raise Refusal(f"no platform runs in {platform.home.path}; `make up` starts it")
        state = platform.home.state()
        platform.ports, platform._fast = state["ports"], state["fast"]
        platform.clock = clocks.settle(platform.home, None)
        return platform

    def start(self) -> None:
        """Returns once every service is ready. What was started is stopped again when anything fails."""
        self.home.prepare()
        self.home.check_space()
        try:
            self._running.enter_context(self.home.held())
            self._prepare()
            self._running.callback(self._stop_infrastructure)
            together(self._start_store, self._start_broker)
            self._running.callback(self.supervisor.stop)
            self._start_services()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Services first, then Kafka and PostgreSQL together; repeating it does nothing."""
        with self._stopping:
            self._running.close()

    def __enter__(self) -> "Platform":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def watch(self) -> None:
        """Looks after all processes for ever; raises Refusal when one has failed for good."""
        while True:
            self.supervisor.check(self._say)
            for name, process in (("Kafka", self.kafka), ("PostgreSQL", self.postgres)):
                if not process.running():
                    raise Refusal(f"{name} has ended; see {self.home / 'logs'}; `make up` starts it again on the same data")
            time.sleep(0.5)

    def start_service(self, name: str, *, wait: bool = True) -> None:
        self.supervisor.start(name)
        if wait:
            self.supervisor.wait_ready(name)

    def kill_service(self, name: str, sig: Signals = SIGKILL) -> None:
        """Sends the signal and waits for the end, unless it is one that only freezes (SIGSTOP) or thaws."""
        self.supervisor.kill(name, sig)

    def ensure_topics(self) -> None:
        """What deploy/topics.yaml declares; safe to repeat."""
        declared = topics.load()
        passwords = {user: self.kafka_password(user) for user in declared.users}
        try:
            topics.ensure(self.kafka_bootstrap, self.admin_password, passwords, declared, test=self._fast)
        except topics.BrokerRefused as refused:
            raise Refusal(f"topics.yaml cannot be carried out: {refused}") from None

    @property
    def kafka_bootstrap(self) -> str:
        return f"127.0.0.1:{self.ports['kafka']}"

    @property
    def admin_password(self) -> str:
        return self.home.secret("kafka-admin")

    def kafka_password(self, user: str) -> str:
        return self.home.secret(f"kafka-{user}")

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def pg_url(self, database: str, role: str, scheme: str = "postgresql+asyncpg") -> str:
        """For example pg_url("wasl_intake", "intake_app"); role postgres is the superuser."""
        secret = self.home.secret("postgres-admin" if role == "postgres" else f"postgres-{role}")
        return f"{scheme}://{role}:{secret}@127.0.0.1:{self.ports['postgres']}/{database}"

    def env(self, service: str) -> dict[str, str]:
        """The WASL_ environment of one service; "stats.1" is one more replica of stats, on a port of its own."""
        service, _, replica = service.partition(".")
        usual = service_environment(
            service, self.home, ports=self.ports, pg_url=self.pg_url, clock=self.clock, jwks=self.issuer.jwks, test=self._fast
        )
        return {**usual, **self._environment.get(service, {}), **self._replica(service, replica)}

    def token(self, role: str, body: str | None = None, sub: str | None = None, hours: float = 12, *, restricted: bool = False) -> str:
        return self.issuer.make_token(role, body, sub, hours, restricted=restricted)

    def set_clock(self, instant: str | datetime) -> None:
        """Moves the file clock, in one step for all processes; may be called before `start`."""
        self.home.prepare()
        clocks.move(self.home, instant)

    def _replica(self, service: str, replica: str) -> dict[str, str]:
        if not replica:
            return {}
        port = self.ports.get(f"{service}.{replica}") or local_ports.draw(1)[0]
        self.ports[f"{service}.{replica}"] = port
        return {"WASL_REPLICA": replica, "WASL_PORT": str(port)}

    def _prepare(self) -> None:
        if left := stop_leftovers(self.home):
            self._say(f"stopped what a killed platform had left running: {', '.join(left)}")
        self.ports = local_ports.choose(self.home, fixed=self._fixed)
        for name in self.services:
            local_ports.demand(self.ports[name], f"service {name}")
        self.clock = clocks.settle(self.home, self._wanted_clock)
        self.home.remember(fast=self._fast)
        self.issuer.prepare()
        self.postgres = Postgres(self.home, self.ports["postgres"])
        extra = topics.load().test_broker if self._fast else {}
        self.kafka = Kafka(self.home, self.ports["kafka"], self.ports["controller"], extra, self._say)
        self.supervisor = Supervisor(self.home, self.env)

    def _start_store(self) -> None:
        with self._step(f"PostgreSQL on 127.0.0.1:{self.ports['postgres']}"):
            self.postgres.start()
            databases.ensure(self.ports["postgres"], SERVICES, self.home.secret)
        if self.services:
            with self._step("database schemas at their heads"):
                self._migrate()

    def _start_broker(self) -> None:
        with self._step(f"Kafka on {self.kafka.bootstrap}"):
            self.kafka.start()
        with self._step("topics, users and rights as declared"):
            self.ensure_topics()

    def _migrate(self) -> None:
        urls = {name: self.pg_url(f"wasl_{name}", f"{name}_owner") for name in self.services}
        command = [sys.executable, "-m", "deploy.local.migrations"]
        done = subprocess.run(command, input=json.dumps(urls), capture_output=True, text=True, cwd=REPO, env=clean_environment())
        if done.returncode:
            raise Refusal(f"the migrations failed:\n{done.stderr.strip()[-3000:]}")

    def _start_services(self) -> None:
        began = time.monotonic()
        for name in self.services:
            self.supervisor.start(name)
        for name in self.services:
            with self._step(f"service {name} on {self.url(name)}", began):
                self.supervisor.wait_ready(name)

    def _stop_infrastructure(self) -> None:
        together(self.kafka.stop, self.postgres.stop)

    @contextmanager
    def _step(self, what: str, began: float | None = None) -> Iterator[None]:
        began = began or time.monotonic()
        yield
        self._say(f"{what}  ({time.monotonic() - began:.1f} s)")
