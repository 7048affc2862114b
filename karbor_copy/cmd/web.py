# SPDX-License-Identifier: Apache-2.0
"""The API on cheroot, for standalone and for development."""

import threading
from typing import Any

from cheroot import wsgi
from oslo_config import cfg

#: Connections that may wait for a free thread.
_BACKLOG = 128

#: Bytes of the request line and all headers: a token of Keystone's and more.
_MAX_HEADERS = 64 * 1024

#: Seconds that requests under way get to end when the service stops.
_PATIENCE = 10.0


class WebServer:
    """Has its address from the start; its threads run from then on too."""

    def __init__(self, conf: cfg.ConfigOpts, application: Any) -> None:
        """Bind the address of ``[api]``.

        :raises OSError: the address is taken, or not this machine's.
        """
        self._server = wsgi.Server(
            (conf.api.host, conf.api.port),
            application,
            numthreads=conf.api.threads,
            request_queue_size=_BACKLOG,
        )
        self._server.max_request_header_size = _MAX_HEADERS
        self._server.prepare()
        self._thread = threading.Thread(
            target=self._server.serve, name="api", daemon=True
        )

    @property
    def url(self) -> str:
        """Return the address that it listens on."""
        host, port = self._server.bind_addr[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def use(self, application: Any) -> None:
        """Let requests from now on be answered by this application."""
        self._server.wsgi_app = application

    def start(self) -> None:
        """Begin to serve; returns at once."""
        self._thread.start()

    def stop(self) -> bool:
        """Take no more requests; tell if those under way have ended."""
        self._server.stop()
        self._thread.join(_PATIENCE)
        return not self._thread.is_alive()
