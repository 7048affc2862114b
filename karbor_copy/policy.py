# SPDX-License-Identifier: Apache-2.0
"""Decides by oslo.policy whether a caller may do something."""

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_context import context as oslo_context
from oslo_policy import policy

from karbor_copy import exceptions
from karbor_copy import policies

_enforcer: policy.Enforcer | None = None


def init(conf: cfg.ConfigOpts) -> None:
    """Take the rules of the code and of the operator's policy file."""
    global _enforcer
    enforcer = policy.Enforcer(conf)
    enforcer.register_defaults(policies.list_rules())
    enforcer.load_rules()
    _enforcer = enforcer


def authorize(
    context: oslo_context.RequestContext,
    rule: str,
    target: Mapping[str, Any],
) -> None:
    """Let the caller go on only if policy allows it.

    :raises Forbidden: policy says no.
    """
    if not _check(context, rule, target):
        raise exceptions.Forbidden(action=rule)


def is_admin(context: oslo_context.RequestContext) -> bool:
    """Tell whether the caller is an administrator of the deployment."""
    return _check(context, "context_is_admin", {})


def _check(
    context: oslo_context.RequestContext,
    rule: str,
    target: Mapping[str, Any],
) -> bool:
    if _enforcer is None:
        raise RuntimeError("policy.init() has not been called")
    return bool(_enforcer.authorize(rule, dict(target), context))
