# SPDX-License-Identifier: Apache-2.0
"""The rules of who may do what, one module a noun."""

from oslo_policy import policy

from karbor_copy.policies import base
from karbor_copy.policies import checkpoints
from karbor_copy.policies import copies
from karbor_copy.policies import operation_logs
from karbor_copy.policies import plans
from karbor_copy.policies import protectables
from karbor_copy.policies import providers
from karbor_copy.policies import quotas
from karbor_copy.policies import restores
from karbor_copy.policies import services
from karbor_copy.policies import verifications

_NOUNS = (
    base,
    checkpoints,
    copies,
    operation_logs,
    plans,
    protectables,
    providers,
    quotas,
    restores,
    services,
    verifications,
)


def list_rules() -> list[policy.RuleDefault]:
    """Return every rule, for the enforcer and the sample generator."""
    return [rule for noun in _NOUNS for rule in noun.RULES]
