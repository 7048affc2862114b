# SPDX-License-Identifier: Apache-2.0
"""No request that can be made of the API's description breaks it."""

import pathlib
from collections.abc import Callable

from tests.fakes import api_document
from tests.fuzz import campaign

#: The same in each run. It takes a quarter of a minute on two cores that are
#: not busy.
EXAMPLES, SEED = 5, 1
#: What it makes of a document of today, and a bit less.
FEWEST = 1000


def test_no_answer_breaks_a_promise(
    tmp_path: pathlib.Path, record_property: Callable[[str, object], None]
) -> None:
    outcome = campaign.run(tmp_path, examples=EXAMPLES, seed=SEED)
    assert outcome.code == 0, outcome.output
    # But for the document, which it has already.
    operations = api_document.served() - {"GET /v1/openapi.json"}
    tested = outcome.report["operations"]["tested"]
    requests = outcome.report["test_cases"]["generated"]
    assert tested == len(operations)
    assert requests > FEWEST
    assert " ERROR " not in outcome.log, outcome.log
    # All of it was without a failure, else the code would tell.
    counts = {"operations": tested, "requests": requests, "failed": 0}
    record_property("schemathesis", counts)
