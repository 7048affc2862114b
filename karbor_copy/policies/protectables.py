# SPDX-License-Identifier: Apache-2.0
"""Who may see what there is to protect."""

from karbor_copy.policies import base

GET = "protectable:get"
GET_ALL = "protectable:get_all"
INSTANCE_GET = "protectable:instance_get"
INSTANCE_GET_ALL = "protectable:instance_get_all"

_TYPE = "/protectables/{resource_type}"

RULES = (
    base.rule(GET, base.READER, "Show a protectable type.", "GET", _TYPE),
    base.rule(
        GET_ALL,
        base.READER,
        "List protectable types.",
        "GET",
        "/protectables",
    ),
    base.rule(
        INSTANCE_GET,
        base.READER,
        "Show a resource that could be protected.",
        "GET",
        _TYPE + "/instances/{resource_id}",
    ),
    base.rule(
        INSTANCE_GET_ALL,
        base.READER,
        "List the resources of a type that could be protected.",
        "GET",
        _TYPE + "/instances",
    ),
)
