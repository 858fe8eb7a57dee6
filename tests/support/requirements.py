"""Requirements of tests that a machine may not meet."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

IN_CI = bool(os.environ.get("CI"))


def lacking(reason: str) -> NoReturn:
    """Skip the test on a person's machine, which may lack things; fail it in CI, which may not."""
    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
