"""What JSON files hold, as frozen values, and the numbers that may stand there."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Read whole or not at all: no unknown field, no number that is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Fraction = Annotated[float, Field(ge=0, le=1)]

_MOST = 10**15
"""More than anything here can be; every table and chart, in Python or a browser, still has the number exactly."""

Count = Annotated[int, Field(ge=0, le=_MOST)]
Amount = Annotated[float, Field(ge=0, le=_MOST)]
Timestamp = Annotated[float, Field(ge=0, le=10**11)]
"""Seconds since 1970, for some thousand years: what every calendar can show."""
