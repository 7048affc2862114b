# SPDX-License-Identifier: Apache-2.0
"""Who asks where there is no Keystone: the caller's word is taken."""

import ipaddress
import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from karbor_copy.api import faults
from karbor_copy.api import identity

#: A project's id becomes a part of bank keys.
PROJECT_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.@-]{0,254}")
ADMIN_USER = "admin"

#: What a proxy adds: behind one, everybody seems to be on this host.
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
_HOST = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<name>[^:]+))(?::\d*)?")
_REFUSAL = "With auth_strategy = noauth only this host is served: "


class NoAuth:
    """Takes the caller's word: the token is ``user:project``.

    Whoever can reach it is believed, so it serves its own host only. It
    sets the headers that Keystone's middleware would set, and removes
    those that the caller has made up.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request.

        :raises HTTPFault: 403 for a caller who may be on another machine.
        """
        identity.forget(environ)
        _check_local(environ)
        user, _, project = environ.get("HTTP_X_AUTH_TOKEN", "").partition(":")
        project = project or user
        if user and PROJECT_ID.fullmatch(project):
            admin = user == ADMIN_USER
            environ["HTTP_X_USER_ID"] = user
            environ["HTTP_X_PROJECT_ID"] = project
            environ["HTTP_X_ROLES"] = (
                "admin,member,reader" if admin else "member,reader"
            )
        return self._application(environ, start_response)  # type: ignore[no-any-return]


def _check_local(environ: Mapping[str, Any]) -> None:
    if not _is_loopback(environ.get("REMOTE_ADDR", "")):
        raise _refused("the request is from elsewhere.")
    if any(name in environ for name in _FORWARDED):
        raise _refused("the request was forwarded by a proxy.")
    # A page in a browser on this host may send requests here under a name
    # of its own that resolves to a loopback address.
    host = _HOST.fullmatch(environ.get("HTTP_HOST", ""))
    name = host and (host["v6"] or host["name"])
    if not name or not (name.lower() == "localhost" or _is_loopback(name)):
        raise _refused("the header Host must be localhost or its address.")


def _refused(reason: str) -> faults.HTTPFault:
    return faults.HTTPFault(403, _REFUSAL + reason, {"Connection": "close"})


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback
