# SPDX-License-Identifier: Apache-2.0
"""Who asks where there is a Keystone: what it says of the token."""

from collections.abc import Iterable
from typing import Any
from typing import Final

import webob
from keystoneauth1 import exceptions as ks_exceptions
from keystonemiddleware import auth_token
from keystonemiddleware import opts
from oslo_config import cfg
from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.api import faults
from karbor_copy.api import identity
from karbor_copy.api import token_memory

LOG = logging.getLogger(__name__)

_GROUP: Final = "keystone_authtoken"
#: Better than the middleware's own, which hang where Keystone does.
_DEFAULTS: Final = {
    "http_connect_timeout": 10,
    "http_request_max_retries": 1,
    # Access rules of application credentials are for this type.
    "service_type": "data-protect",
}
#: Where the middleware finds the memory.
_MEMORY: Final = "karbor_copy.token_memory"
_LET_IN: Final = "204 No Content"


class Keystone:
    """Asks Keystone's middleware, which sets the headers of who asks.

    Its refusals become faults like all others.
    """

    def __init__(self, application: Any, conf: cfg.ConfigOpts) -> None:
        """Take the options of ``[keystone_authtoken]``.

        :raises ValueError: they don't say how to log in to Keystone.
        """
        self._application = application
        self._memory = token_memory.TokenMemory()
        for group, known in opts.list_auth_token_opts():
            conf.register_opts(known, group)  # noqa: K102 - not our own
        for name, value in _DEFAULTS.items():
            conf.set_default(name, value, _GROUP)
        options = conf[_GROUP]
        if not options.auth_type and not options.auth_section:
            raise ValueError(f"[{_GROUP}] auth_type is needed")
        forced: dict[str, Any] = {"delay_auth_decision": False}
        if not options.memcached_servers:
            forced["cache"] = _MEMORY
            # The memory is no memcached, which others could read.
            forced["memcache_security_strategy"] = "None"
        try:
            self._guard = auth_token.AuthProtocol(
                _let_in, {"oslo_config_config": conf, **forced}
            )
        except ks_exceptions.ClientException as error:
            raise ValueError(f"[{_GROUP}] {error}") from error

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request.

        :raises HTTPFault: 401 for a token that Keystone does not know.
        :raises ServiceUnavailable: Keystone does not say.
        """
        identity.forget(environ)
        if not identity.is_open(environ.get("PATH_INFO", "")):
            self._ask(environ)
        return self._application(environ, start_response)  # type: ignore[no-any-return]

    def _ask(self, environ: dict[str, Any]) -> None:
        environ[_MEMORY] = self._memory
        try:
            status, headers, _ = webob.Request(environ).call_application(
                self._guard
            )
        except (ks_exceptions.ClientException, OSError) as error:
            # OSError: a file of certificates that is gone, for one.
            LOG.error("Keystone can't be asked: %s", error)
            raise _silent() from error
        if status == _LET_IN:
            return
        if not status.startswith("401"):
            raise _silent()
        raise faults.HTTPFault(
            401,
            faults.UNAUTHENTICATED,
            {"WWW-Authenticate": dict(headers)["WWW-Authenticate"]},
        )


def _let_in(_environ: object, start_response: Any) -> Iterable[bytes]:
    start_response(_LET_IN, [])
    return []


def _silent() -> exceptions.ServiceUnavailable:
    return exceptions.ServiceUnavailable("Keystone does not answer.")
