"""The documentation leads somewhere: every link to a file, every command, every variable."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_to_files_lead_to_files(page):
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_exist(page):
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", page.read_text()))
    assert named - known == set()


def test_each_variable_the_settings_read_is_explained():
    read = re.findall(
        r'env\.(?:text|words|flag|number)\(\s*"([A-Z_]+)"',
        (ROOT / "hubportal" / "settings.py").read_text(),
    )
    told = (ROOT / "docs" / "deploy.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    assert sorted({name for name in read if f"`{name}`" not in told}) == []
