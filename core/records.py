"""Base class of the immutable records in JSON files, and the number types of their fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Base of all records: immutable, without unknown fields, NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Fraction = Annotated[float, Field(ge=0, le=1)]

_MAX = 10**15
"""Larger than any real value, yet small enough for Python and browsers to represent exactly."""

Count = Annotated[int, Field(ge=0, le=_MAX)]
Amount = Annotated[float, Field(ge=0, le=_MAX)]
Timestamp = Annotated[float, Field(ge=0, le=10**11)]
"""Unix timestamp, limited to a few thousand years, so that every library can convert it to a date."""
