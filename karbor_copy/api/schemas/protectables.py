# SPDX-License-Identifier: Apache-2.0
"""Bodies of answers: protectables."""

from karbor_copy.api.schemas import common

_RESOURCE = {
    "id": common.TEXT,
    "type": common.TEXT,
    "name": common.TEXT,
    "extra_info": common.or_null(common.OBJECT),
}
COMPONENTS = {
    "protectable_type": common.answer(
        {
            "name": common.TEXT,
            "dependent_types": common.list_of(common.TEXT),
        }
    ),
    "instance": common.answer(
        {
            **_RESOURCE,
            "dependent_resources": common.list_of(common.answer(_RESOURCE)),
        }
    ),
}
TYPE = common.one("protectable_type")
TYPES = common.answer({"protectable_type": common.list_of(common.TEXT)})
INSTANCE = common.one("instance")
INSTANCES = common.page("instances", "instance")
