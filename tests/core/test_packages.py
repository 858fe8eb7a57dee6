"""Hidden packages appear not to be installed."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO

import pytest

from core.packages import hide_packages


def test_hidden_packages_can_be_imported_afterwards() -> None:
    sys.modules.pop("this", None)
    with hide_packages("this", "json"):
        with pytest.raises(ImportError):
            import_module("this")
        import_module("json")  # already imported

    with redirect_stdout(StringIO()):
        assert import_module("this").__name__ == "this"
