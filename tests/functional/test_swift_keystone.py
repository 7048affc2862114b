# SPDX-License-Identifier: Apache-2.0
"""Banks in a real Swift that asks a real Keystone whose a token is."""

import logging

import pytest
from keystoneauth1.identity import v3

from karbor_copy import exceptions
from karbor_copy.banks import section
from karbor_copy.banks import swift
from tests.contract import banks
from tests.fakes import fault_proxy
from tests.fixtures import keystone
from tests.fixtures import object_stores

KEY = "a/b"
#: Seconds; a token of Keystone's lasts an hour.
TOO_LONG = 4000


def works(bank: swift.SwiftBank) -> bool:
    bank.set_up()
    banks.put(bank, KEY, b"data")
    return section.read_all(bank, KEY) == b"data"


def token_of(bank: swift.SwiftBank) -> str:
    client = bank._client
    found = client._auth.get_token(client._session)
    assert found is not None
    return str(found)


def test_a_password_is_enough() -> None:
    assert works(swift.SwiftBank(**object_stores.keystone_options()))


def test_an_application_credential_is_enough_while_it_is_there() -> None:
    with keystone.application_credential(
        "member-alpha", keystone.ALPHA, roles=[{"name": "member"}]
    ) as credential:
        options = object_stores.keystone_options(
            swift_user=None,
            swift_key=None,
            swift_tenant_name=None,
            swift_application_credential_id=credential["id"],
            swift_application_credential_secret=credential["secret"],
        )
        assert works(swift.SwiftBank(**options))
    with pytest.raises(exceptions.BankRejected, match="status 40[14]"):
        swift.SwiftBank(**options).stat(KEY)


def test_a_token_that_is_revoked_is_replaced() -> None:
    bank = swift.SwiftBank(**object_stores.keystone_options())
    # Swift, which remembers what it has seen, has not seen it.
    before = token_of(bank)
    keystone.revoke(before)
    assert works(bank)
    assert token_of(bank) != before


def test_a_token_is_renewed_before_it_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with fault_proxy.proxying(keystone.url()) as proxy:
        bank = swift.SwiftBank(
            **object_stores.keystone_options(swift_auth_url=proxy.url)
        )

        def logins() -> int:
            return proxy.count("POST", "/v3/auth/tokens")

        assert works(bank)
        assert logins() == 1
        # Now it would end in the middle of what is begun.
        monkeypatch.setattr(v3.Password, "MIN_TOKEN_LIFE_SECONDS", TOO_LONG)
        bank.stat(KEY)
        assert logins() > 1
        monkeypatch.undo()
        count = logins()
        assert works(bank)
        assert logins() == count


def test_whose_role_is_not_enough_is_refused() -> None:
    reader = swift.SwiftBank(**object_stores.keystone_options("reader-alpha"))
    with pytest.raises(exceptions.BankRejected, match="403"):
        reader.set_up()


def test_wrong_credentials_are_refused() -> None:
    wrong = object_stores.keystone_options(swift_key="shut sesame")
    with pytest.raises(exceptions.BankRejected, match="status 401"):
        swift.SwiftBank(**wrong).stat(KEY)


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bank = swift.SwiftBank(**object_stores.keystone_options())
    assert works(bank)
    assert caplog.text
    for secret in (keystone.PASSWORD, token_of(bank)[40:80]):
        assert secret not in caplog.text
