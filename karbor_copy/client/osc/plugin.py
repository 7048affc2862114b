# SPDX-License-Identifier: Apache-2.0
"""Makes the commands part of ``openstack``, which knows who asks.

The names are those that python-openstackclient looks for.
"""

import argparse
from typing import Any

from keystoneauth1 import adapter

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import client as v1_client

API_NAME = base.API_NAME
#: There is one, so nobody is asked for it.
DEFAULT_API_VERSION = "1"
API_VERSION_OPTION = "os_karbor_copy_api_version"
API_VERSIONS = ("1",)


def make_client(instance: Any) -> v1_client.Client:
    """Return the bindings, for the client manager of ``openstack``."""
    return v1_client.Client(
        adapter.Adapter(
            instance.session,
            service_type=v1_client.SERVICE_TYPE,
            interface=instance.interface,
            region_name=instance.region_name,
        )
    )


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Add nothing: ``openstack`` has all options that are needed."""
    return parser
