# SPDX-License-Identifier: Apache-2.0
"""Who may do what with verifications."""

from karbor_copy.policies import base

CREATE = "verification:create"
GET = "verification:get"
GET_ALL = "verification:get_all"

RULES = (
    base.rule(
        CREATE,
        base.MEMBER,
        "Verify a checkpoint.",
        "POST",
        "/verifications",
    ),
    base.rule(
        GET,
        base.READER,
        "Show a verification.",
        "GET",
        "/verifications/{verification_id}",
    ),
    base.rule(
        GET_ALL, base.READER, "List verifications.", "GET", "/verifications"
    ),
)
