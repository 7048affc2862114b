# SPDX-License-Identifier: Apache-2.0
"""Who may see the services of the deployment, and disable them."""

from karbor_copy.policies import base

GET_ALL = "service:get_all"
UPDATE = "service:update"

RULES = (
    base.rule(GET_ALL, base.ADMIN, "List services.", "GET", "/os-services"),
    base.rule(
        UPDATE,
        base.ADMIN,
        "Enable or disable a protection service.",
        "PUT",
        "/os-services/{service_id}",
    ),
)
