# SPDX-License-Identifier: Apache-2.0
import datetime
import email.utils

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import answers


@pytest.mark.parametrize(
    "status", [408, 409, 425, 429, 498, 499, 500, 502, 503, 504, 599]
)
def test_what_passes_is_worth_another_try(status):
    error = answers.error_of(status, "Swift: GET", "7")
    assert isinstance(error, exceptions.BankUnavailable)
    assert error.retry_after == 7
    assert f"Swift: GET was answered with status {status}" in str(error)


@pytest.mark.parametrize(
    "status", [301, 302, 400, 401, 403, 405, 413, 416, 422, 501, 507]
)
def test_what_stays_is_not(status):
    error = answers.error_of(status, "Swift: GET")
    assert isinstance(error, exceptions.BankRejected)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, 0),
        ("", 0),
        ("12", 12),
        (" 3 ", 3),
        ("-3", 0),
        ("soon", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("\u0663", 0),
    ],
)
def test_retry_after(header, expected):
    assert answers.seconds(header) == expected


def test_retry_after_may_be_a_date():
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    found = answers.seconds(email.utils.format_datetime(later))
    assert 3000 < found <= 3600
