# SPDX-License-Identifier: Apache-2.0
"""The personas that the rules of all nouns are made of."""

from oslo_policy import policy

ADMIN = "rule:context_is_admin"
#: Who may look at what belongs to a project.
READER = "rule:project_reader_or_admin"
#: Who may change what belongs to a project.
MEMBER = "rule:project_member_or_admin"

_OWN_PROJECT = "project_id:%(project_id)s"

RULES = (
    policy.RuleDefault(
        "context_is_admin",
        "role:admin",
        description="An administrator of the deployment.",
    ),
    policy.RuleDefault(
        "project_reader_or_admin",
        f"(role:reader and {_OWN_PROJECT}) or {ADMIN}",
        description="Reads what belongs to the project.",
    ),
    policy.RuleDefault(
        "project_member_or_admin",
        f"(role:member and {_OWN_PROJECT}) or {ADMIN}",
        description="Changes what belongs to the project.",
    ),
)


def rule(
    name: str, persona: str, description: str, method: str, *paths: str
) -> policy.DocumentedRuleDefault:
    """Return the rule of a method on paths, which follow the project's."""
    return policy.DocumentedRuleDefault(
        name,
        persona,
        description,
        [
            {"method": method, "path": f"/v1/{{project_id}}{path}"}
            for path in paths
        ],
        scope_types=["project"],
    )
