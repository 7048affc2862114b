# SPDX-License-Identifier: Apache-2.0
"""Who may see the services of the deployment."""

from karbor_copy.policies import base

GET_ALL = "service:get_all"

RULES = (
    base.rule(GET_ALL, base.ADMIN, "List services.", "GET", "/os-services"),
)
