# SPDX-License-Identifier: Apache-2.0
"""How sphinx builds the API reference."""

extensions = ["openstackdocstheme", "os_api_ref"]
master_doc = "index"
project = "karbor_copy API reference"
copyright = "the karbor_copy developers"  # noqa: A001  sphinx's own name
html_theme = "openstackdocs"
html_theme_options = {"sidebar_mode": "toc"}
openstackdocs_auto_name = False
openstackdocs_auto_version = False
