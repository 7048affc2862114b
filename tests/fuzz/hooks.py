# SPDX-License-Identifier: Apache-2.0
"""What schemathesis can't know of this API by its document."""

import json
import re

import schemathesis
from hypothesis import strategies
from schemathesis.specs.openapi import checks

schemathesis.openapi.format(
    "printable text",
    strategies.text(
        strategies.characters(
            codec="utf-8",
            exclude_categories=("C", "Z"),
            include_characters=" ",
        ),
        max_size=64,
    ),
)

schemathesis.openapi.format(
    "mapping as Python writes it",
    strategies.dictionaries(
        strategies.text("abc", min_size=1), strategies.integers(), max_size=2
    ).map(repr),
)

#: Whatever is right by itself, and not with the rest or with what there is.
REFUSALS = re.compile(
    "|".join(
        (
            r"Unknown marker ",
            r"sort can't be given with sort_key or sort_dir\.",
            r"There are more sort_dir than sort_key\.",
            r"A sort key is given twice\.",
            r"The provider could not be found\.",
            r"Invalid protectable type provided\.",
            r"Unknown resource type ",
            r"Resource \S+ is listed twice\.",
            r"Invalid plan: a plan that is started can't be changed\.",
            r"The plan has not been protected\.",
            r"Invalid checkpoint \S+: it (can not be reset|is \S+, not) ",
            r"Provider \S+ has no provider to copy to\.",
            r"Provider \S+ can not \S+ resources of the types ",
            r"The provider id is not the same as the value in the ",
            r"target_provider_id \S+ is not among the targets of ",
            r"parameters: ",
            r"extra-info and extra_info are the same field; give one\.",
            # What stands in a body of any form.
            r"Malformed request body: an? (string|integer|number) ",
        )
    )
)


@schemathesis.check
def acceptance(
    ctx: schemathesis.CheckContext,
    response: schemathesis.Response,
    case: schemathesis.Case,
) -> bool | None:
    """Fail where good data is refused without one of the good reasons."""
    if response.status_code == 400:
        ((_, fault),) = json.loads(response.content).items()
        if REFUSALS.match(fault["message"]):
            return None
    accepted: bool | None = checks.positive_data_acceptance(
        ctx, response, case
    )
    return accepted
