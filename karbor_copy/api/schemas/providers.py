# SPDX-License-Identifier: Apache-2.0
"""Bodies of answers: providers."""

from karbor_copy.api.schemas import common

_BY_TYPE = common.map_of(common.OBJECT)
COMPONENTS = {
    "provider": common.answer(
        {
            "id": common.ID,
            "name": common.TEXT,
            "description": common.TEXT,
            "region": common.TEXT,
            "targets": common.list_of(common.ID),
            "extended_info_schema": common.answer(
                {
                    "options_schema": _BY_TYPE,
                    "restore_schema": _BY_TYPE,
                    "saved_info_schema": _BY_TYPE,
                    "verify_schema": _BY_TYPE,
                    "copy_schema": _BY_TYPE,
                }
            ),
        }
    )
}
ONE = common.one("provider")
MANY = common.page("providers", "provider")
