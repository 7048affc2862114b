# SPDX-License-Identifier: Apache-2.0
"""Banks speak TLS, and only with servers whose certificate they trust."""

from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from karbor_copy import exceptions
from karbor_copy.banks import base
from karbor_copy.banks import section
from tests.contract import banks
from tests.fakes import fault_proxy
from tests.fixtures import object_stores
from tests.fixtures import servers
from tools.servers import swift as swift_server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusted(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Return the file of the certificate that signs the server's."""
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def proxy(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[fault_proxy.Proxy]:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(path)
    url = servers.shared_url("swift")
    with fault_proxy.proxying(url, path) as found:
        yield found


def swift_bank(proxy: fault_proxy.Proxy, **options: Any) -> base.Bank:
    account = swift_server.USERS[0][0]
    return object_stores.swift_bank(
        swift_auth_url=f"{proxy.url}/auth/v1.0",
        # TempAuth names the URL without TLS.
        swift_endpoint=f"{proxy.url}/v1/AUTH_{account}",
        **options,
    )


def s3_bank(proxy: fault_proxy.Proxy, **options: Any) -> base.Bank:
    return object_stores.s3_bank(s3_endpoint=proxy.url, **options)


MAKERS = {"swift": swift_bank, "s3": s3_bank}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_certificate_that_is_trusted(
    kind: str, proxy: fault_proxy.Proxy, trusted: str
) -> None:
    bank = MAKERS[kind](proxy, **{f"{kind}_ca_cert_file": trusted})
    bank.set_up()
    data = bytes(3_000_000)
    banks.put(bank, "a/b", data)
    assert section.read_all(bank, "a/b") == data
    assert banks.names(bank) == ["a/b"]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_certificate_that_is_not(
    kind: str, proxy: fault_proxy.Proxy
) -> None:
    count = len(proxy.requests)
    with pytest.raises(exceptions.BankRejected, match="is not trusted"):
        MAKERS[kind](proxy).set_up()
    assert len(proxy.requests) == count


def test_any_certificate_will_do_where_that_is_wanted(
    proxy: fault_proxy.Proxy,
) -> None:
    with pytest.warns(match="Unverified HTTPS request"):
        swift_bank(proxy, swift_auth_insecure=True).set_up()
