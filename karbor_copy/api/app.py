# SPDX-License-Identifier: Apache-2.0
"""Puts the WSGI application together: middleware, hooks, root."""

import functools
import threading
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import pecan
from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy import policy
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import faults
from karbor_copy.api import hooks
from karbor_copy.api import middleware
from karbor_copy.api import noauth
from karbor_copy.api import root
from karbor_copy.data_models import quota
from karbor_copy.providers import registry as provider_registry
from karbor_copy.rpc import notifier

#: pecan would make a new one with each application, and so take their state
#: away from the requests that another one is serving.
_LOCAL = threading.local()


class Application(pecan.Pecan):
    """pecan's, where the root finds each handler, which makes the response.

    So pecan needs neither look for controllers nor at what they take, which
    it does anew for each request, at a tenth of the cost of a POST.
    """

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request.

        :raises Invalid: the path is no text, of which pecan would log more.
        """
        try:
            # WSGI hands bytes over as the characters of Latin-1.
            environ["PATH_INFO"].encode("latin-1").decode()
        except UnicodeDecodeError as error:
            raise exceptions.Invalid("The path is not UTF-8.") from error
        return super().__call__(environ, start_response)  # type: ignore[no-any-return]

    def route(
        self, req: Any, node: root.RootController, path: str
    ) -> tuple[expose.Handler, list[str]]:
        """Return the handler and the ids in the path."""
        return node.find(path.split("/")[1:], req)

    def invoke_controller(
        self,
        controller: expose.Handler,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        state: Any,
    ) -> None:
        """Let the handler answer."""
        state.response = controller(*args)

    def _handle_empty_response_body(self, state: Any) -> None:
        """Keep 200, which Karbor answers when it has nothing to say."""


def make_app(
    conf: cfg.ConfigOpts,
    registry: provider_registry.Registry,
    client: collaborators.Client,
) -> Any:
    """Return the WSGI application.

    Policy and notifications, of which a process has one each, change last.

    :raises ValueError: options contradict each other, or one is missing.
    """
    application: Any = Application(
        root.RootController(
            collaborators.Collaborators(
                registry=registry,
                client=client,
                max_limit=conf.api.max_limit,
                quotas={name: conf.quotas[name] for name in quota.Resource},
                service_down_time=conf.protection.service_down_time,
            )
        ),
        hooks=[hooks.FaultHook(), hooks.ContextHook(), hooks.InputHook()],
        guess_content_type_from_ext=False,
        context_local_factory=lambda: _LOCAL,
    )
    application = _layered(conf, application)
    policy.init(conf)
    notifier.configure(conf)
    return application


def check(conf: cfg.ConfigOpts) -> None:
    """Refuse options of which no application can be made; none is.

    :raises ValueError: they contradict each other, or one is missing.
    """
    policy.check(conf)
    _layered(conf, None)


def _layered(conf: cfg.ConfigOpts, application: Any) -> Any:
    # The first meets a request first and its answer last. Who asks is known
    # before a byte of the body is read.
    layers: list[Callable[[Any], Any]] = [
        middleware.RequestId,
        middleware.RequestLog,
        faults.FaultMiddleware,
        authentication(conf),
        functools.partial(middleware.SizeLimit, limit=conf.api.max_body_size),
    ]
    if conf.api.public_endpoint:
        layers.append(
            functools.partial(
                middleware.PublicEndpoint, url=conf.api.public_endpoint
            )
        )
    for layer in reversed(layers):
        application = layer(application)
    return application


def authentication(conf: cfg.ConfigOpts) -> Callable[[Any], Any]:
    """Return the layer that finds out who asks."""
    if conf.auth_strategy == "noauth":
        return noauth.NoAuth
    # Its imports take a fifth of a second, which others need not wait for.
    from karbor_copy.api import keystone

    return functools.partial(keystone.Keystone, conf=conf)
