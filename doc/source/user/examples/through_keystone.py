# SPDX-License-Identifier: Apache-2.0
"""Makes a client for a service that is found in Keystone's catalogue."""

from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1.identity import v3

from karbor_copy.client.v1 import client as v1_client


def connect(
    auth_url: str, user: str, password: str, project: str, region: str
) -> v1_client.Client:
    """Return a client of a user, in a project, of a region's service."""
    login = v3.Password(
        auth_url,
        username=user,
        password=password,
        user_domain_name="Default",
        project_name=project,
        project_domain_name="Default",
    )
    http = adapter.Adapter(
        session.Session(login, timeout=v1_client.REQUEST_TIMEOUT),
        service_type=v1_client.SERVICE_TYPE,
        region_name=region,
    )
    return v1_client.Client(http)
