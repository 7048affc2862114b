# SPDX-License-Identifier: Apache-2.0
"""Puts the WSGI application together: middleware, hooks, root."""

import functools
from typing import Any

import pecan
from oslo_config import cfg
from oslo_middleware import cors
from oslo_middleware import http_proxy_to_wsgi
from oslo_middleware import request_id

from karbor_copy import policy
from karbor_copy.api import faults
from karbor_copy.api import hooks
from karbor_copy.api import middleware
from karbor_copy.api import root
from karbor_copy.api import services
from karbor_copy.providers import registry as provider_registry


class Application(pecan.Pecan):
    """pecan's, which leaves an empty answer its status."""

    def _handle_empty_response_body(self, state: Any) -> None:
        """Keep 200, which Karbor answers when it has nothing to say."""


def make_app(
    conf: cfg.ConfigOpts,
    registry: provider_registry.Registry,
    client: services.Client,
) -> Any:
    """Return the WSGI application."""
    policy.init(conf)
    cors.set_defaults(
        allow_headers=["X-Auth-Token"],
        allow_methods=["GET", "PUT", "POST", "DELETE"],
        expose_headers=[request_id.HTTP_RESP_HEADER_REQUEST_ID],
    )
    application: Any = Application(
        root.RootController(
            services.Services(
                registry=registry,
                client=client,
                max_limit=conf.api.max_limit,
                service_down_time=conf.protection.service_down_time,
            )
        ),
        hooks=[hooks.FaultHook(), hooks.ContextHook(), hooks.InputHook()],
        guess_content_type_from_ext=False,
    )
    # The first meets a request first and its answer last. Only the id of
    # the request is further out than the faults, which tell it.
    layers = (
        middleware.RequestId,
        functools.partial(cors.CORS, conf=conf),
        functools.partial(http_proxy_to_wsgi.HTTPProxyToWSGI, conf=conf),
        faults.FaultMiddleware,
        functools.partial(middleware.SizeLimit, limit=conf.api.max_body_size),
        middleware.NoAuth,
    )
    for layer in reversed(layers):
        application = layer(application)
    return application
