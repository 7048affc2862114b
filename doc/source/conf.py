# SPDX-License-Identifier: Apache-2.0
"""Builds the documentation."""

import logging

extensions = [
    "openstackdocstheme",
    "oslo_config.sphinxext",
    "oslo_policy.sphinxext",
    "oslo_policy.sphinxpolicygen",
    "sphinx.ext.autodoc",
]
policy_generator_config_file = (
    "../../etc/karbor_copy/karbor_copy-policy-generator.conf"
)
sample_policy_basename = "_static/karbor_copy"
project = "karbor_copy"
author = "karbor_copy developers"
copyright = author
version = ""
release = ""
root_doc = "index"
html_theme = "openstackdocs"
openstackdocs_auto_name = False
openstackdocs_auto_version = False
pygments_style = "native"

# A copy of the source without git builds too: it has no commit to name.
logging.getLogger("sphinx.openstackdocstheme.ext").addFilter(
    lambda record: "cannot get gitsha" not in record.getMessage()
)
