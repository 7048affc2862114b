# SPDX-License-Identifier: Apache-2.0
"""The options of the S3 bank: Karbor's, and where and how to connect."""

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy.banks import lease_options
from karbor_copy.banks import option_checks

S3_OPTS = [
    cfg.StrOpt(
        "bank_s3_object_bucket",
        default="karbor",
        regex=r"^[A-Za-z0-9][A-Za-z0-9._\-]{1,62}$",
        help="Name of the bucket.",
    ),
    cfg.StrOpt(
        "bank_s3_lease_bucket",
        help="Ignored; known so that a file of Karbor's can be used.",
    ),
    *lease_options.IGNORED_OPTS,
]
CLIENT_OPTS = [
    cfg.StrOpt(
        "s3_endpoint",
        help="URL of the service; AWS's of the region if it is not set.",
    ),
    cfg.StrOpt(
        "s3_region_name",
        default="us-east-1",
        help="Region that requests are signed for, and where the bucket is "
        "made.",
    ),
    cfg.StrOpt(
        "s3_access_key", secret=True, required=True, help="Access key id."
    ),
    cfg.StrOpt(
        "s3_secret_key", secret=True, required=True, help="Secret key."
    ),
    cfg.StrOpt(
        "s3_addressing_style",
        default="path",
        choices=[
            ("path", "the bucket stands in the path of the URL"),
            ("virtual", "the bucket stands before the name of the host"),
        ],
        help="Where the bucket stands in a URL.",
    ),
    cfg.StrOpt(
        "s3_ca_cert_file",
        help="File with the CA certificates to trust in place of the "
        "system's.",
    ),
]


def check(values: Mapping[str, Any]) -> None:
    """Refuse an endpoint, file or region that is none.

    :raises InvalidOption: naming it.
    """
    option_checks.check_url("s3_endpoint", values.get("s3_endpoint"))
    option_checks.check_file("s3_ca_cert_file", values.get("s3_ca_cert_file"))
    region = values.get("s3_region_name") or ""
    if not region.replace("-", "").isalnum() or not region.isascii():
        raise exceptions.InvalidOption(
            option="s3_region_name",
            reason="must be letters, digits and hyphens",
        )
