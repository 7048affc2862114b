# SPDX-License-Identifier: Apache-2.0
"""The API with all it works with, made from the configuration."""

import pathlib
from typing import Any

from oslo_config import cfg

from karbor_copy.api import app
from karbor_copy.providers import registry
from karbor_copy.rpc import protection_client
from karbor_copy.rpc import transport


def make_application(
    conf: cfg.ConfigOpts, client: protection_client.ProtectionClient
) -> Any:
    """Return the API with the providers as their files are now."""
    known = registry.load(pathlib.Path(conf.provider_config_dir))
    return app.make_app(conf, known, client)


def make_client(
    conf: cfg.ConfigOpts,
) -> protection_client.ProtectionClient:
    """Return what wakes the protection services, over ``transport_url``."""
    return protection_client.ProtectionClient(
        transport.get_client(transport.get_transport(conf))
    )
