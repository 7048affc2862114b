# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-standalone: the whole service in one process."""

import argparse
import os
import pathlib
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from cheroot import wsgi
from oslo_log import log as logging

from karbor_copy import conf as configuration
from karbor_copy.api import app
from karbor_copy.cmd import setup
from karbor_copy.cmd import state
from karbor_copy.db import migration
from karbor_copy.protection import service
from karbor_copy.providers import registry as provider_registry
from karbor_copy.rpc import protection_client
from karbor_copy.rpc import transport as rpc_transport

CONF = configuration.CONF
LOG = logging.getLogger(__name__)

#: Connections that may wait for a free thread.
_BACKLOG = 128

#: Seconds that requests under way get to end when the service stops.
_PATIENCE = 10.0


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
    """Serve until SIGTERM or SIGINT."""
    args = _parser().parse_args(argv)
    path = args.state_path.expanduser().resolve()
    try:
        state.prepare(path)
        setup.configure(CONF, args.options, [str(path / "karbor_copy.conf")])
        if args.host is not None:
            CONF.set_override("host", args.host, group="api")
        if args.port is not None:
            CONF.set_override("port", args.port, group="api")
        setup.check_loopback(CONF)
        setup.check_timers(CONF)
        migration.sync()
        registry = provider_registry.load(
            pathlib.Path(CONF.provider_config_dir)
        )
        server = _bind()
    except setup.FAILURES as error:
        print(f"karbor-copy-standalone: {error}", file=sys.stderr)
        return 1
    _serve(server, registry, path)
    return 0


def _bind() -> wsgi.Server:
    """Return a server that has its address, and no application yet.

    :raises OSError: the address is taken, or not this machine's.
    """
    server = wsgi.Server(
        (CONF.api.host, CONF.api.port),
        None,
        numthreads=CONF.api.threads,
        request_queue_size=_BACKLOG,
    )
    server.prepare()
    return server


def _serve(
    server: wsgi.Server,
    registry: provider_registry.Registry,
    path: pathlib.Path,
) -> None:
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # One process, no broker: messages never leave it.
    transport = rpc_transport.get_transport(CONF, "fake://")
    client = protection_client.ProtectionClient(
        rpc_transport.get_client(transport)
    )
    protection = service.ProtectionService(CONF, registry, transport)
    server.wsgi_app = app.make_app(CONF, registry, client)
    serving = threading.Thread(target=server.serve, name="api", daemon=True)
    serving.start()
    protection.start()
    host, port = server.bind_addr[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(f"karbor-copy serves at {url}", flush=True)
    print(state.how_to_go_on(url, path), file=sys.stderr, flush=True)
    stopping.wait()
    LOG.info("Stopping")
    server.stop()
    serving.join(_PATIENCE)
    ended = protection.stop()
    client.close()
    if serving.is_alive() or not ended:
        LOG.warning("What hangs is left to its lease")
        # The interpreter would wait for its threads.
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
