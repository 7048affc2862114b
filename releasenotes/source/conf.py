# SPDX-License-Identifier: Apache-2.0
"""Builds the release notes."""

extensions = ["openstackdocstheme", "reno.sphinxext"]
project = "karbor_copy"
author = "karbor_copy developers"
copyright = author
version = ""
release = ""
root_doc = "index"
html_theme = "openstackdocs"
openstackdocs_auto_name = False
openstackdocs_auto_version = False
