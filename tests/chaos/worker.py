# SPDX-License-Identifier: Apache-2.0
"""The service as a child process that can be made to suffer."""

import pathlib
import signal
import sys
from dataclasses import dataclass

from karbor_copy import conf as configuration
from karbor_copy import startup
from karbor_copy.cmd import standalone
from karbor_copy.protection import service
from karbor_copy.providers import registry as provider_registry
from karbor_copy.rpc import transport as rpc_transport
from tests.chaos import steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a child is to be; ``pause`` in seconds before each data put."""

    state_path: pathlib.Path
    plan: str | None = None
    pause: float = 0.0
    api: bool = True


def run(orders: Orders) -> int:
    """Serve until SIGTERM, or until the plan says otherwise."""
    if orders.pause:
        steps.slow_down(orders.pause)
    if orders.plan is not None:
        steps.install(steps.Plan.parse(orders.plan))
    if orders.api:
        return standalone.main(
            ["--state-path", str(orders.state_path), "--port", "0"]
        )
    _serve_protection(orders.state_path)
    return 0


def _serve_protection(path: pathlib.Path) -> None:
    """Work without an API, beside another process."""
    conf = configuration.CONF
    startup.configure(conf, [], [str(path / "karbor_copy.conf")])
    arrived = startup.arriving(signal.SIGTERM)
    protection = service.ProtectionService(
        conf,
        provider_registry.load(pathlib.Path(conf.provider_config_dir)),
        rpc_transport.get_transport(conf, "fake://"),
    )
    protection.start()
    sys.stdout.write("it works\n")
    sys.stdout.flush()
    arrived()
    protection.stop()
