# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-api: the API alone, on a server of its own.

For development and small sites; uWSGI or gunicorn serve
``karbor_copy.wsgi.api:application`` with more processes.
"""

import signal
import sys
from collections.abc import Sequence

from oslo_log import log as logging

from karbor_copy import checks
from karbor_copy import conf as configuration
from karbor_copy import startup
from karbor_copy.api import app
from karbor_copy.cmd import web
from karbor_copy.wsgi import assembly

CONF = configuration.CONF
LOG = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; read all files again on SIGHUP."""
    try:
        startup.configure(CONF, sys.argv[1:] if argv is None else argv)
        checks.check_loopback(CONF)
        startup.check_schema()
        client = assembly.make_client(CONF)
        server = web.WebServer(CONF, assembly.make_application(CONF, client))
    except startup.FAILURES as error:
        print(f"karbor-copy-api: {error}", file=sys.stderr)
        return 1

    def reload() -> None:
        if not startup.read_again(CONF, checks.check_loopback, app.check):
            return
        try:
            application = assembly.make_application(CONF, client)
            startup.use(CONF)
        except Exception as error:  # noqa: BLE001  whatever is in the files
            LOG.error("All stays as it was: %s", error)
            return
        server.use(application)
        LOG.info("Configuration and provider files read again")

    startup.report_on_signal(CONF)
    arrived = startup.arriving(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    server.start()
    print(f"karbor-copy-api serves at {server.url}", flush=True)
    while arrived() == signal.SIGHUP:
        reload()
    LOG.info("Stopping")
    startup.stop([server], client.close)
    return 0


if __name__ == "__main__":
    sys.exit(main())
