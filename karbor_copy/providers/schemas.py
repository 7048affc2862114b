# SPDX-License-Identifier: Apache-2.0
"""Checks parameters against the JSON schemas that plugins give."""

from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import Literal

import jsonschema
from jsonschema import validators

from karbor_copy import exceptions

#: Of text: characters and spaces that show, of one line.
PRINTABLE: Final = "printable text"


def new_formats() -> jsonschema.FormatChecker:
    """Return a checker that knows of this format, and of no other."""
    formats = jsonschema.FormatChecker(formats=())
    formats.checks(PRINTABLE)(_is_printable)
    return formats


def _is_printable(value: object) -> bool:
    return not isinstance(value, str) or value.isprintable()


_FORMATS: Final = new_formats()

#: What a user gives parameters for.
KindName = Literal["options", "restore", "verify", "copy"]
#: Schemas that the API shows: those, and what is told of saved resources.
SHOWN = ("options", "restore", "saved_info", "verify", "copy")


def check(
    key: str, properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> None:
    """Check the properties under one key; an empty schema accepts any.

    A property that a schema requires may stand under another key, the
    type's or the resource's, so ``required`` is not checked here.

    :raises Invalid: naming the key and the property.
    """
    if not schema:
        return
    unknown = sorted(set(properties) - set(schema.get("properties", {})))
    if unknown:
        raise exceptions.Invalid(
            reason=f"parameters: {key!r}: unknown property {unknown[0]!r}"
        )
    loose = {name: schema[name] for name in schema if name != "required"}
    validator = validators.validator_for(
        loose, default=jsonschema.Draft202012Validator
    )(loose, format_checker=_FORMATS)
    for error in validator.iter_errors(dict(properties)):
        path = ".".join(map(str, error.absolute_path)) or "properties"
        raise exceptions.Invalid(
            reason=f"parameters: {key!r}: {path}: {error.message}"
        )
