# SPDX-License-Identifier: Apache-2.0
"""pecan and one INSERT, which is all that a POST can't do without.

As ``bare:make()`` for gunicorn, on the database that the environment names.
"""

import os
from typing import Any

from karbor_copy import concurrency

concurrency.use_native_threads()

import pecan  # noqa: E402
import sqlalchemy as sa  # noqa: E402
from pecan import rest  # noqa: E402

from karbor_copy.db import engine  # noqa: E402
from karbor_copy.db import models  # noqa: E402
from tests.fixtures import database  # noqa: E402
from tests.fixtures import rows  # noqa: E402

DATABASE = "KARBOR_COPY_BENCH_DATABASE"


class Bare(rest.RestController):
    """Reads JSON, stores a row, answers with JSON."""

    @pecan.expose("json")
    def post(self) -> dict[str, Any]:
        body = pecan.request.json
        with engine.get_engine().begin() as connection:
            connection.execute(
                sa.insert(models.Restore).values(
                    id=rows.new_id(),
                    project_id=rows.PROJECT,
                    provider_id=rows.SOURCE,
                    checkpoint_id=rows.new_id(),
                    parameters=body,
                    status="success",
                    resources_status={},
                    resources_reason={},
                    created_at=sa.func.now(),
                )
            )
        return {"copy": body}


def application() -> pecan.Pecan:
    """Return the application, on the database in use."""
    return pecan.Pecan(Bare(), debug=False)


def make() -> pecan.Pecan:
    """Return the application, on the database of the environment."""
    database.configure(os.environ[DATABASE])
    return application()
