"""Compiling the catalogues at installation."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from pathlib import Path

import pytest

from core import catalogues
from tests.support.full_disk import fill_disk

SPANISH = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Draw"\nmsgstr "Dibujar"\n'


@pytest.fixture
def source(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Spanish catalogue that has not been compiled, on a small disk."""
    source = small_disk / "es" / "LC_MESSAGES" / "trazo.po"
    source.parent.mkdir(parents=True)
    source.write_text(SPANISH)
    monkeypatch.setattr(catalogues, "FOLDER", small_disk)
    return source


def compiled(source: Path) -> gettext.NullTranslations:
    """Compile the catalogues as the installation does, then load this one as a new process does."""
    catalogues.main()
    return catalogues.catalogue.__wrapped__(source.parts[-3])


def test_catalogue_is_compiled_into_one_file(source: Path) -> None:
    assert compiled(source).gettext("Draw") == "Dibujar"
    assert sorted(file.name for file in source.parent.iterdir()) == ["trazo.mo", "trazo.po"]


def test_read_only_checkout_is_translated(source: Path, make_read_only: Callable[[Path], None]) -> None:
    make_read_only(source.parent)

    assert compiled(source).gettext("Draw") == "Dibujar"


def test_full_disk_leaves_no_half_catalogue(source: Path) -> None:
    fill_disk(source.parent / "ballast")

    assert compiled(source).gettext("Draw") == "Dibujar"
