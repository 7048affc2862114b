# SPDX-License-Identifier: Apache-2.0
"""oslo.db's options, with this service's default: [database]."""

from typing import Any

from oslo_config import cfg
from oslo_db import options


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register oslo.db's options and the default connection."""
    options.set_defaults(
        conf, connection="sqlite:///$state_path/karbor_copy.sqlite"
    )


def list_opts() -> dict[str, list[Any]]:
    """Return nothing of our own: oslo.db lists its options itself."""
    return {}
