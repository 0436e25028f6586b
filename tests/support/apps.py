"""The services' apps as they are before anything has started: what they describe, and which routes they have."""

from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from shared.messaging.service import Service


def service_named(name: str) -> Service:
    found: Service = import_module(f"services.{name}.app").SERVICE
    return found


def application(name: str) -> FastAPI:
    """Of a service that is never started: its store need not be there."""
    service = service_named(name)
    needed: dict[str, Any] = {"database_url": "postgresql://nobody@127.0.0.1/nothing", "secret_key": "k" * 32, "mail_dir": Path()}
    return service.app(service.node(service.settings(**needed)))
