# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-standalone: the whole service in one process."""

import argparse
import pathlib
import signal
import sys
from collections.abc import Sequence

from oslo_log import log as logging

from karbor_copy import checks
from karbor_copy import conf as configuration
from karbor_copy import startup
from karbor_copy.api import app
from karbor_copy.cmd import state
from karbor_copy.cmd import web
from karbor_copy.db import migration
from karbor_copy.protection import housekeeping
from karbor_copy.protection import service
from karbor_copy.providers import registry as provider_registry
from karbor_copy.rpc import protection_client
from karbor_copy.rpc import transport as rpc_transport

CONF = configuration.CONF
LOG = logging.getLogger(__name__)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="karbor-copy-standalone",
        description="API and protection service in one process, over two"
        " file-system banks. Options that follow -- go to oslo.config.",
    )
    parser.add_argument(
        "--state-path",
        type=pathlib.Path,
        default=state.default_path(),
        help="directory of everything the service keeps"
        " (default: %(default)s)",
    )
    parser.add_argument("--host", help="loopback address to listen on")
    parser.add_argument(
        "--port", type=int, help="port to listen on; 0 takes a free one"
    )
    parser.add_argument("options", nargs="*", help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT, or the end of the terminal."""
    args = _parser().parse_args(argv)
    path = args.state_path.expanduser().resolve()
    try:
        _configure(args, path)
        registry = provider_registry.load(
            pathlib.Path(CONF.provider_config_dir)
        )
        # One process, no broker: messages never leave it.
        transport = rpc_transport.get_transport(CONF, "fake://")
        client = protection_client.ProtectionClient(
            rpc_transport.get_client(transport)
        )
        server = web.WebServer(CONF, app.make_app(CONF, registry, client))
    except startup.FAILURES as error:
        print(f"karbor-copy-standalone: {error}", file=sys.stderr)
        return 1
    services: tuple[startup.Service, ...] = (
        server,
        service.ProtectionService(CONF, registry, transport),
        housekeeping.Housekeeping(CONF, registry),
    )
    startup.report_on_signal(CONF)
    arrived = startup.arriving(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for each in services:
        each.start()
    print(f"karbor-copy serves at {server.url}", flush=True)
    print(state.how_to_go_on(server.url, path), file=sys.stderr, flush=True)
    arrived()
    LOG.info("Stopping")
    startup.stop(services, client.close)
    return 0


def _configure(args: argparse.Namespace, path: pathlib.Path) -> None:
    """Make the state at the first start, and bring the tables up to date."""
    state.prepare(path)
    # Whoever stops it waits for it.
    CONF.set_default("graceful_shutdown_timeout", 0.0, group="protection")
    startup.configure(CONF, args.options, [str(path / "karbor_copy.conf")])
    if args.host is not None:
        CONF.set_override("host", args.host, group="api")
    if args.port is not None:
        CONF.set_override("port", args.port, group="api")
    checks.check_loopback(CONF)
    checks.check_timers(CONF)
    checks.check_bandwidth(CONF)
    migration.sync()


if __name__ == "__main__":
    sys.exit(main())
