# SPDX-License-Identifier: Apache-2.0
"""The API for uwsgi, gunicorn and their like.

``karbor_copy.wsgi.api:application`` is made when it is first asked for,
from the configuration files of the project ``karbor_copy``
(``/etc/karbor_copy/karbor_copy.conf`` among others).
"""

import functools
import pathlib
from typing import Any

from oslo_log import log as logging

from karbor_copy import version
from karbor_copy.api import app
from karbor_copy.conf import CONF
from karbor_copy.db import engine
from karbor_copy.providers import registry
from karbor_copy.rpc import protection_client
from karbor_copy.rpc import transport

PROJECT = "karbor_copy"


@functools.cache
def init_application() -> Any:
    """Read the configuration and return the application, once a process."""
    logging.register_options(CONF)
    CONF.set_default("use_stderr", True)
    CONF([], project=PROJECT, version=version.version_string())
    logging.setup(CONF, PROJECT)
    engine.configure(CONF)
    client = protection_client.ProtectionClient(
        transport.get_client(transport.get_transport(CONF))
    )
    providers = registry.load(pathlib.Path(CONF.provider_config_dir))
    return app.make_app(CONF, providers, client)


def __getattr__(name: str) -> Any:
    # Importing this module, as documentation does, starts nothing.
    if name == "application":
        return init_application()
    raise AttributeError(name)
