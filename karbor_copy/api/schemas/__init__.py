# SPDX-License-Identifier: Apache-2.0
"""JSON schemas of request bodies, and the check against them."""

from collections.abc import Mapping
from typing import Any

import jsonschema
from jsonschema import exceptions as jsonschema_exceptions

from karbor_copy import exceptions
from karbor_copy.api.schemas import common

_LONGEST_REASON = 200
#: What is told of these without the value, which may be long.
_BOUNDS = {
    "minLength": "The text has fewer than {} characters.",
    "maxLength": "The text has more than {} characters.",
    "minItems": "The list has fewer than {} items.",
    "maxItems": "The list has more than {} items.",
    "minProperties": "The object has fewer than {} properties.",
    "maxProperties": "The object has more than {} properties.",
}


class Validator:
    """One schema, ready to check bodies."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        jsonschema.Draft202012Validator.check_schema(schema)
        self._validator = jsonschema.Draft202012Validator(
            schema, format_checker=common.FORMATS
        )

    def validate(self, body: Any) -> None:
        """Check a body.

        :raises Invalid: naming the field and what is wrong with it.
        """
        error = jsonschema_exceptions.best_match(
            self._validator.iter_errors(body)
        )
        if error is not None:
            raise exceptions.Invalid(_describe(error))


def _describe(error: jsonschema_exceptions.ValidationError) -> str:
    reason = error.message
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    told = schema.get(common.MESSAGES, {})
    if error.validator in told:
        reason = told[error.validator]
    elif error.validator in _BOUNDS:
        reason = _BOUNDS[error.validator].format(error.validator_value)
    if len(reason) > _LONGEST_REASON:
        # A message begins with the value; what is wrong with it comes last.
        reason = "..." + reason[-_LONGEST_REASON:]
    field = ".".join(str(part) for part in error.absolute_path)
    if not field:
        return reason
    return f"Invalid input for field/attribute {field}. {reason}"
