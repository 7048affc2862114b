# SPDX-License-Identifier: Apache-2.0
"""Every error becomes the answer that its family has."""

from typing import Any

import pytest
import webob

from karbor_copy import exceptions
from karbor_copy.api import faults


def answer(error: Exception, **environ: Any) -> webob.Response:
    def application(_environ: Any, _start_response: Any) -> Any:
        raise error

    return webob.Request.blank("/", environ=environ).get_response(
        faults.FaultMiddleware(application)
    )


@pytest.mark.parametrize(
    ("error", "status", "name", "message"),
    [
        (
            exceptions.PlanNotFound(plan_id="x"),
            404,
            "itemNotFound",
            "Plan x could not be found.",
        ),
        (exceptions.Conflict("busy"), 409, "conflictingRequest", "busy"),
        (
            exceptions.OperationInProgress(checkpoint_id="x"),
            409,
            "conflictingRequest",
            "Checkpoint x is in use by an open operation.",
        ),
        (
            exceptions.Invalid(reason="no"),
            400,
            "badRequest",
            "no",
        ),
        (
            exceptions.Forbidden(action="plan:get"),
            403,
            "forbidden",
            "Policy doesn't allow plan:get to be performed.",
        ),
        (
            exceptions.ServiceUnavailable(),
            503,
            "serviceUnavailable",
            "The service is unavailable for the moment.",
        ),
        (faults.HTTPFault(415, "no"), 415, "badMediaType", "no"),
        (faults.HTTPFault(418, "no"), 418, "computeFault", "no"),
        (
            exceptions.Invalid("x" * 100_000),
            400,
            "badRequest",
            "x" * 1000 + "...",
        ),
        (
            RuntimeError("SELECT secret"),
            500,
            "computeFault",
            faults.UNEXPECTED,
        ),
        (
            exceptions.BankUnavailable(reason="host"),
            500,
            "computeFault",
            faults.UNEXPECTED,
        ),
    ],
)
def test_families(
    error: Exception, status: int, name: str, message: str
) -> None:
    response = answer(error)
    assert response.status_int == status
    assert response.headers["Content-Type"] == "application/json"
    assert response.json == {name: {"code": status, "message": message}}


def test_the_request_is_named() -> None:
    response = answer(
        exceptions.NotFound(), **{"openstack.request_id": "req-1"}
    )
    assert response.json["itemNotFound"]["request_id"] == "req-1"


def test_only_what_is_unexpected_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer(exceptions.NotFound())
    answer(exceptions.ServiceUnavailable())
    assert not caplog.records
    answer(RuntimeError("why"))
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1].args == ("why",)  # type: ignore[union-attr]


def test_a_database_that_is_away_says_when_to_try_again() -> None:
    response = answer(exceptions.DatabaseUnavailable())
    assert response.json == {
        "serviceUnavailable": {
            "code": 503,
            "message": "The database is not available for the moment.",
        }
    }
    assert response.headers["Retry-After"] == "10"


def test_too_large_says_when_to_try_again() -> None:
    response = answer(faults.HTTPFault(413, "no", {"Retry-After": "7"}))
    assert response.json["overLimit"]["retryAfter"] == "7"
    assert response.headers["Retry-After"] == "7"
