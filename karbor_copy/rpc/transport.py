# SPDX-License-Identifier: Apache-2.0
"""The message bus: one transport, one topic, one server."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import oslo_messaging
from oslo_config import cfg

Transport = oslo_messaging.Transport

TOPIC = "karbor-copy-protection"
#: 1.0: wake(operation_type, row_id), fanout cast.
VERSION = "1.0"


def get_transport(
    conf: cfg.ConfigOpts, url: str | None = None
) -> oslo_messaging.Transport:
    """Return the transport of ``url``, else of ``transport_url``.

    :raises ValueError: it is malformed, or of no known kind.
    """
    return _made(
        "transport_url", lambda: oslo_messaging.get_rpc_transport(conf, url)
    )


def check(conf: cfg.ConfigOpts) -> None:
    """Refuse a ``transport_url`` that leads nowhere; nobody is asked.

    :raises ValueError: it, or that of notifications, is malformed, or of no
        known kind.
    """
    get_transport(conf).cleanup()
    get_notification_transport(conf).cleanup()


def get_notification_transport(
    conf: cfg.ConfigOpts,
) -> oslo_messaging.Transport:
    """Return the transport of notifications, by default the same.

    :raises ValueError: its URL is malformed, or of no known kind.
    """
    return _made(
        "the transport_url of notifications",
        lambda: oslo_messaging.get_notification_transport(conf),
    )


def _made(
    option: str, make: Callable[[], oslo_messaging.Transport]
) -> oslo_messaging.Transport:
    oslo_messaging.set_transport_defaults("karbor_copy")
    try:
        return make()
    except (oslo_messaging.MessagingException, ValueError) as error:
        kind = type(error).__name__
    # The error's own words hold the URL, or a part of the password: a slash
    # in one ends the part of the URL where passwords stand.
    raise ValueError(f"{option} can't be used ({kind})")


def get_client(
    transport: oslo_messaging.Transport,
) -> oslo_messaging.RPCClient:
    """Return a client that casts to every protection service."""
    return oslo_messaging.get_rpc_client(
        transport,
        oslo_messaging.Target(topic=TOPIC, version=VERSION, fanout=True),
    )


def get_server(
    transport: oslo_messaging.Transport, host: str, endpoints: Sequence[Any]
) -> oslo_messaging.MessageHandlingServer:
    """Return a server that hands each message to the endpoints."""
    return oslo_messaging.get_rpc_server(
        transport,
        oslo_messaging.Target(topic=TOPIC, version=VERSION, server=host),
        endpoints,
        access_policy=oslo_messaging.DefaultRPCAccessPolicy,
    )
