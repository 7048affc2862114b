# SPDX-License-Identifier: Apache-2.0
"""Swift banks get their tokens, from Keystone and from TempAuth."""

import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import section
from karbor_copy.banks import swift
from tests.contract import banks
from tests.fakes import identity as identities
from tests.fixtures import object_stores
from tests.fixtures import servers
from tools.servers import swift as swift_server

KEY = "a/b"


@pytest.fixture
def identity() -> Iterator[identities.Identity]:
    regions = {
        "region-one": servers.shared_url("swift"),
        "region-two": servers.shared_url("swift-two"),
    }
    with identities.serving(regions) as found:
        yield found


def bank(identity: identities.Identity, **options: Any) -> swift.SwiftBank:
    values = {
        "bank_swift_object_container": f"bank-{uuid.uuid4()}",
        "swift_auth_url": identity.url,
        "swift_auth_version": "3",
        "swift_user": identities.USER,
        "swift_key": identities.PASSWORD,
        "swift_user_domain_name": "Default",
        "swift_tenant_name": identities.PROJECT,
        "swift_project_domain_name": "Default",
        "swift_region_name": "region-one",
    }
    return swift.SwiftBank(**{**values, **options})


def works(bank: swift.SwiftBank) -> bool:
    bank.set_up()
    banks.put(bank, KEY, b"data")
    return section.read_all(bank, KEY) == b"data"


def test_a_password_is_enough(identity: identities.Identity) -> None:
    assert works(bank(identity))
    (request,) = identity.requests
    domain = {"name": "Default"}
    assert request["auth"]["scope"]["project"] == {
        "name": identities.PROJECT,
        "domain": domain,
    }


def test_an_application_credential_is_enough(
    identity: identities.Identity,
) -> None:
    made = bank(
        identity,
        swift_auth_url=f"{identity.url}/v3/",
        swift_user=None,
        swift_key=None,
        swift_tenant_name=None,
        swift_application_credential_id=identities.CREDENTIAL_ID,
        swift_application_credential_secret=identities.SECRET,
    )
    assert works(made)


def test_the_region_says_which_swift(identity: identities.Identity) -> None:
    # The tokens that this Keystone gives are region one's.
    with pytest.raises(exceptions.BankRejected, match="refuses every token"):
        bank(identity, swift_region_name="region-two").set_up()
    absent = bank(identity, swift_region_name="region-three")
    with pytest.raises(
        exceptions.BankRejected, match="catalogue has no Swift"
    ):
        absent.set_up()


def test_a_token_is_renewed_before_it_expires(
    identity: identities.Identity,
) -> None:
    identity.life = 60.0
    made = bank(identity)
    assert works(made)
    # Too short to begin anything with.
    assert len(identity.requests) > 1
    identity.life = 3600.0
    assert works(made)
    count = len(identity.requests)
    assert works(made)
    assert len(identity.requests) == count


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (503, exceptions.BankUnavailable),
        (429, exceptions.BankUnavailable),
        (403, exceptions.BankRejected),
    ],
)
def test_a_keystone_that_gives_no_token(
    identity: identities.Identity,
    status: int,
    error: type[exceptions.BankError],
) -> None:
    identity.status = status
    with pytest.raises(error, match=f"a token was answered with .* {status}"):
        bank(identity).stat(KEY)


def test_a_keystone_that_is_away(identity: identities.Identity) -> None:
    url = f"http://127.0.0.1:{object_stores.free_port()}"
    with pytest.raises(exceptions.BankUnavailable, match="no answer"):
        bank(identity, swift_auth_url=url).stat(KEY)


def test_wrong_credentials_are_refused(
    identity: identities.Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = bank(identity, swift_key="5w0rdfish")
    with pytest.raises(exceptions.BankRejected, match="status 401") as caught:
        wrong.stat(KEY)
    temporary = object_stores.swift_bank(swift_key="5w0rdfish")
    with pytest.raises(exceptions.BankRejected, match="status 401"):
        temporary.stat(KEY)
    assert "5w0rdfish" not in caplog.text + str(caught.value)


def test_nothing_secret_is_logged(
    identity: identities.Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token, _ = identity.token()
    assert works(bank(identity))
    assert works(object_stores.swift_bank())
    assert caplog.text
    secrets = (identities.PASSWORD, swift_server.USERS[0][2], token)
    assert not [secret for secret in secrets if secret in caplog.text]
