"""`wasl`: one command line for those who run the platform. A command is one function and one line in COMMANDS."""

import argparse
import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NoReturn

from deploy.local.home import Home, Refusal, disk_full
from deploy.local.issuer import ROLES, Issuer

Parser = argparse.ArgumentParser
Arguments = argparse.Namespace
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Command:
    """Its help is the docstring of `run`, which returns the exit code."""

    run: Callable[[Arguments], int]
    arguments: Callable[[Parser], object] = lambda parser: None


def up(arguments: Arguments) -> int:
    """Start the whole platform on this machine and look after it until Ctrl-C; its data stays."""
    from deploy.local.platform import Platform
    from deploy.local.report import where_everything_is

    began = time.monotonic()
    ports: Literal["free", "fixed"] = "free" if arguments.free_ports else "fixed"
    platform = Platform(clock=_clock(arguments), services=not arguments.no_services, fast=False, ports=ports, say=_say)
    print(f"starting Wasl in {platform.home.path}", flush=True)
    try:
        platform.start()
        print(
            f"ready after {time.monotonic() - began:.1f} s\n\n{where_everything_is(platform)}\n\nCtrl-C stops everything; the data stays.",
            flush=True,
        )
        platform.watch()
    except KeyboardInterrupt:
        return 0
    finally:
        _deaf()
        print("\nstopping", flush=True)
        platform.stop()
    return 0


def up_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--speed", type=float, help="start on a simulated legal clock that runs so many times faster (86400: a day a second)"
    )
    parser.add_argument("--epoch", help="the simulated clock's first instant, ISO with a zone (default: now)")
    parser.add_argument("--no-services", action="store_true", help="PostgreSQL and Kafka alone: for commands on stopped services")
    parser.add_argument("--free-ports", action="store_true", help="draw free ports for the services instead of 8001 to 8005")


def token(arguments: Arguments) -> int:
    """Print a staff token signed by the local issuer, and nothing else."""
    home = Home()
    home.prepare()
    issuer = Issuer(home)
    issuer.prepare()
    try:
        print(issuer.make_token(arguments.role, arguments.body or None, arguments.sub, arguments.hours, restricted=arguments.restricted))
    except ValueError as error:
        raise Refusal(str(error)) from None
    return 0


def token_arguments(parser: Parser) -> None:
    parser.add_argument("--role", required=True, help=", ".join(ROLES))
    parser.add_argument("--body", help="the id of the public body, for the roles of a body")
    parser.add_argument("--sub", help="who it is, for the audit (default: local-<role>)")
    parser.add_argument("--hours", type=float, default=12, help="how long it is good (default: 12)")
    parser.add_argument("--restricted", action="store_true", help="of the restricted desk (national-desk alone)")


def reset(arguments: Arguments) -> int:
    """Delete the local platform with all its data; asks first."""
    from deploy.local.processes import stop_leftovers

    home = Home()
    if not home.path.exists():
        print(f"nothing to delete: there is no {home.path}")
        return 0
    if not (home / "state.json").exists() and not (home / "issuer").exists():
        raise Refusal(f"{home.path} does not look like a platform's folder; delete it by hand if you mean it")
    if home.running():
        raise Refusal(f"the platform in {home.path} is running (process {home.holder()}); stop it with Ctrl-C there first")
    if not arguments.yes and input(f"delete {home.path} with every complaint, secret and log in it? [y/N] ").strip().lower() not in (
        "y",
        "yes",
    ):
        print("nothing was deleted")
        return 1
    stop_leftovers(home)
    shutil.rmtree(home.path)
    print(f"deleted {home.path}; downloads are kept")
    return 0


def reset_arguments(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")


def env(arguments: Arguments) -> int:
    """Print where everything is, or the settings of one service as shell exports."""
    from deploy.local.platform import Platform
    from deploy.local.report import exports, where_everything_is

    platform = Platform.attach()
    print(exports(platform, arguments.service) if arguments.service else where_everything_is(platform))
    return 0


def env_arguments(parser: Parser) -> None:
    from deploy.local.environment import SERVICES

    parser.add_argument(
        "service", nargs="?", choices=SERVICES, help='for example: eval "$(wasl env routing)"; python -m services.routing recover'
    )


def topics(arguments: Arguments) -> int:
    """Bring the running broker's topics, users and rights to what deploy/topics.yaml declares."""
    from deploy.local.platform import Platform

    platform = Platform.attach()
    platform.ensure_topics()
    print(f"{platform.kafka_bootstrap} is as declared")
    return 0


def demo(arguments: Arguments) -> int:
    """Play a handful of complaints through every flow on a simulated clock, checking each line over HTTP."""
    from deploy.local.demo import run
    from deploy.local.people import NotSeen

    try:
        run(arguments.speed, lambda line: print(line, flush=True))
    except NotSeen as missing:
        return _fail(f"the demo ends here: {missing}")
    return 0


def demo_arguments(parser: Parser) -> None:
    parser.add_argument("--speed", type=float, default=86_400, help="legal seconds a second (default: 86400, a day a second)")


def check(arguments: Arguments) -> int:
    """Compare the five services' complaints at equal positions: nothing lost, nothing counted twice. Exit code 1 where they differ."""
    from deploy.local.check import check as compare
    from deploy.local.platform import Platform

    return 0 if asyncio.run(compare(Platform.attach(), arguments.wait, print)) else 1


def check_arguments(parser: Parser) -> None:
    parser.add_argument("--wait", type=float, default=30, metavar="SECONDS", help="how long to wait for equal positions (default: 30)")


def trace(arguments: Arguments) -> int:
    """Show where a complaint stands in all five services and on the log, and what of it waits; nobody's data is printed."""
    from deploy.local.platform import Platform
    from deploy.local.trace import trace as follow

    asyncio.run(follow(Platform.attach(), arguments.reference, print))
    return 0


def trace_arguments(parser: Parser) -> None:
    parser.add_argument("reference", help="as printed on the receipt, such as 7KQ4-XM2N-3")


def status(arguments: Arguments) -> int:
    """Show on one page what is ready, behind, waiting or parked. Exit code 1 where something wants a person."""
    from deploy.local.platform import Platform
    from deploy.local.status import status as look

    return 0 if asyncio.run(look(Platform.attach(), print)) else 1


def train(arguments: Arguments) -> int:
    """Make a class cache for Kafka's Java, once for this machine: it halves the broker's start."""
    from deploy.local.kafka import train as make_cache

    make_cache(_say)
    return 0


COMMANDS = {
    "up": Command(up, up_arguments),
    "token": Command(token, token_arguments),
    "env": Command(env, env_arguments),
    "topics": Command(topics),
    "demo": Command(demo, demo_arguments),
    "status": Command(status),
    "check": Command(check, check_arguments),
    "trace": Command(trace, trace_arguments),
    "train": Command(train),
    "reset": Command(reset, reset_arguments),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 refused or failed (the reason and the next step on standard error), 2 wrong arguments."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    for sig in ENDING:
        signal.signal(sig, _interrupt)
    try:
        return COMMANDS[arguments.command].run(arguments)
    except Refusal as refusal:
        return _fail(str(refusal))
    except OSError as error:
        if not disk_full(error):
            raise
        return _fail(f"the disk is full ({error.filename or error.strerror}); free some space, or set WASL_HOME to another disk")
    except KeyboardInterrupt:
        return 130


def _parser() -> Parser:
    parser = Parser(prog="wasl", description="Run and look after a Wasl platform. Its folder is .wasl, or the one WASL_HOME names.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        words = (command.run.__doc__ or "").strip()
        command.arguments(commands.add_parser(name, help=words, description=words))
    return parser


def _clock(arguments: Arguments) -> str | None:
    if arguments.speed is None:
        if arguments.epoch is not None:
            raise Refusal("--epoch belongs to a simulated clock: give --speed too")
        return None
    epoch = arguments.epoch or datetime.now(UTC).isoformat(timespec="milliseconds")
    return f"sim:{epoch},{time.time():.3f},{arguments.speed:g}"


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _fail(why: str) -> int:
    if "No space left on device" in why:
        why += "\nthe disk is full: free some space, or set WASL_HOME to another disk"
    print(f"wasl: {why}", file=sys.stderr)
    return 1


def _interrupt(*_: object) -> NoReturn:
    _deaf()
    raise KeyboardInterrupt


def _deaf() -> None:
    """A second Ctrl-C does not cut the stop short: that would leave processes behind."""
    for sig in ENDING:
        signal.signal(sig, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
