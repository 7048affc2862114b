# SPDX-License-Identifier: Apache-2.0
"""Options of the API: [api]."""

from typing import Any

from oslo_config import cfg

GROUP = cfg.OptGroup("api", title="API", help="The REST API.")
OPTS = [
    cfg.HostAddressOpt(
        "host",
        default="127.0.0.1",
        help="Address to listen on. With auth_strategy = noauth only a"
        " loopback address is accepted.",
    ),
    cfg.PortOpt(
        "port", default=8799, help="Port to listen on; 0 takes a free one."
    ),
    cfg.URIOpt(
        "public_endpoint",
        schemes=["http", "https"],
        help="Address of the API as clients know it, up to the /v1, such as"
        " https://backup.example.com/data-protect. Links in answers begin"
        " with it. Without it they begin with what the request's header Host"
        " says.",
    ),
    cfg.IntOpt(
        "threads",
        default=16,
        min=1,
        max=256,
        help="Requests answered at the same time by one process.",
    ),
    cfg.IntOpt(
        "max_limit",
        default=1000,
        min=1,
        deprecated_name="osapi_max_limit",
        deprecated_group="DEFAULT",
        help="Most items on one page of a list; a larger limit in a request"
        " is lowered to it.",
    ),
    cfg.IntOpt(
        "max_body_size",
        default=65536,
        min=1024,
        help="Largest request body in bytes; a larger one is answered 413.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options."""
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[Any]]:
    """Return group to options, for the sample generator."""
    return {GROUP: OPTS}
