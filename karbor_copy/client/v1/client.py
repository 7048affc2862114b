# SPDX-License-Identifier: Apache-2.0
"""The bindings of all nouns over one keystoneauth1 adapter."""

import urllib.parse
from typing import Final

from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1 import token_endpoint

from karbor_copy import version
from karbor_copy.client.v1 import checkpoints
from karbor_copy.client.v1 import copies
from karbor_copy.client.v1 import errors
from karbor_copy.client.v1 import operation_logs
from karbor_copy.client.v1 import plans
from karbor_copy.client.v1 import protectables
from karbor_copy.client.v1 import providers
from karbor_copy.client.v1 import quotas
from karbor_copy.client.v1 import restores
from karbor_copy.client.v1 import services
from karbor_copy.client.v1 import transport
from karbor_copy.client.v1 import verifications

#: The service's type in a catalog.
SERVICE_TYPE: Final = "data-protect"
#: Seconds without a byte from the server after which a request is given up.
REQUEST_TIMEOUT: Final = 60


class Client:
    """One project's view of the service; its endpoint ends in /v1/project."""

    def __init__(self, http: adapter.Adapter) -> None:
        channel = transport.Transport(http)
        self.checkpoints = checkpoints.Checkpoints(channel)
        self.copies = copies.Copies(channel)
        self.operation_logs = operation_logs.OperationLogs(channel)
        self.plans = plans.Plans(channel)
        self.protectables = protectables.Protectables(channel)
        self.providers = providers.Providers(channel)
        self.quota_classes = quotas.QuotaClasses(channel)
        self.quotas = quotas.Quotas(channel)
        self.restores = restores.Restores(channel)
        self.services = services.Services(channel)
        self.verifications = verifications.Verifications(channel)
        self._http = http

    @property
    def project_id(self) -> str:
        """Return the id of the project, with which the endpoint ends.

        :raises ClientError: there is no endpoint
        """
        endpoint = self._http.get_endpoint()
        if not endpoint:
            raise errors.ClientError("There is no endpoint of the service.")
        return urllib.parse.unquote(endpoint.rstrip("/").rpartition("/")[2])


def connect(url: str, *, project: str, user: str) -> Client:
    """Return a client of a service without Keystone (noauth).

    :raises ClientError: the URL can't be one
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise errors.ClientError(
            f"{url!r} is no URL of a service: it would begin with http:// "
            "or https:// and a host."
        )
    auth = token_endpoint.Token(
        endpoint=url.rstrip("/") + transport.path("v1", project),
        token=f"{user}:{project}",
    )
    http = session.Session(
        auth=auth,
        app_name=version.DISTRIBUTION,
        app_version=version.version_string(),
        timeout=REQUEST_TIMEOUT,
    )
    return Client(adapter.Adapter(http, service_type=SERVICE_TYPE))
