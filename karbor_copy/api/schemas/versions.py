# SPDX-License-Identifier: Apache-2.0
"""Bodies of answers: versions."""

from karbor_copy.api.schemas import common

_HREF = {"type": "string", "pattern": "^https?://.*/v1/$"}
COMPONENTS = {
    "version": common.answer(
        {
            "id": {"const": "v1.0"},
            "status": {"const": "CURRENT"},
            "links": {
                **common.list_of(
                    common.answer({"rel": {"const": "self"}, "href": _HREF})
                ),
                "minItems": 1,
            },
        }
    )
}
ONE = common.one("version")
MANY = common.answer(
    {
        "versions": {
            **common.list_of(common.component("version")),
            "minItems": 1,
        }
    }
)
