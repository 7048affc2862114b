# SPDX-License-Identifier: Apache-2.0
"""Options that stand in [DEFAULT]."""

import socket
from typing import Any

from oslo_config import cfg

OPTS = [
    cfg.StrOpt(
        "state_path",
        default="/var/lib/karbor-copy",
        help="Directory of what the service keeps between runs: with the"
        " defaults, the sqlite database and the provider files.",
    ),
    cfg.StrOpt(
        "provider_config_dir",
        default="$state_path/providers.d",
        help="Directory of the provider files, one provider each; their names"
        " end in .conf. They are read at the start and anew at SIGHUP.",
    ),
    cfg.StrOpt(
        "auth_strategy",
        default="noauth",
        choices=[
            (
                "noauth",
                "The caller's word is taken: the token is user:project."
                " Served on loopback addresses only.",
            ),
            (
                "keystone",
                "Keystone is asked whose a token is, as [keystone_authtoken]"
                " says.",
            ),
        ],
        help="How callers are told apart.",
    ),
    cfg.HostAddressOpt(
        "host",
        default=socket.gethostname(),
        sample_default="<hostname>",
        help="Name of this host in the list of services. Each host of a"
        " deployment needs a name of its own.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options."""
    conf.register_opts(OPTS)


def list_opts() -> dict[str, list[Any]]:
    """Return group name to options, for the sample generator."""
    return {"DEFAULT": OPTS}
