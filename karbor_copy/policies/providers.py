# SPDX-License-Identifier: Apache-2.0
"""Who may see the providers."""

from karbor_copy.policies import base

GET = "provider:get"
GET_ALL = "provider:get_all"

RULES = (
    base.rule(
        GET,
        base.READER,
        "Show a provider.",
        "GET",
        "/providers/{provider_id}",
    ),
    base.rule(GET_ALL, base.READER, "List providers.", "GET", "/providers"),
)
