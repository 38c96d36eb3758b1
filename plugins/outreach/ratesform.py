"""`rates:` and `warm_up:` of hub.yaml as written."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from outreach.rates import USUAL_PLAN, ProviderRates, Rate, WarmUp

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})+")


def _domain(value: str) -> str:
    plain = value.lower()
    if not _DOMAIN.fullmatch(plain):
        raise ValueError(f"“{value}” is not a domain; write it as nhs.net")
    return plain


_Domain = Annotated[str, AfterValidator(_domain)]
_PerSecond = Annotated[float, Field(ge=0.001, le=10_000, allow_inf_nan=False, strict=True)]
_PerHour = Annotated[int, Field(ge=1, strict=True)]
_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class RateForm(BaseModel):
    """`per_second:` and `per_hour:` as written, one of them or both."""

    model_config = _STRICT
    per_second: _PerSecond | None = None
    per_hour: _PerHour | None = None

    def rate(self) -> Rate:
        """Return it as the rest of Outreach knows it."""
        return Rate(self.per_second, self.per_hour)


class _DomainRateForm(RateForm):
    @model_validator(mode="after")
    def _says_something(self) -> _DomainRateForm:
        if not self.rate():
            raise ValueError("say per_second, per_hour or both")
        return self


class ProviderRatesForm(RateForm):
    """What stands under a provider's name."""

    domains: dict[_Domain, _DomainRateForm] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> ProviderRatesForm:
        if not self.rate() and not self.domains:
            raise ValueError("say per_second, per_hour or domains")
        return self

    def rates(self) -> ProviderRates:
        """Return it as the rest of Outreach knows it."""
        return ProviderRates(self.rate(), {name: one.rate() for name, one in self.domains.items()})


class RatesForm(BaseModel):
    """`rates:` as written: a provider's name and its rates."""

    model_config = _STRICT
    outbox: ProviderRatesForm | None = None
    sendgrid: ProviderRatesForm | None = None
    ses: ProviderRatesForm | None = None
    smtp: ProviderRatesForm | None = None

    def providers(self) -> dict[str, ProviderRates]:
        """Return provider -> rates, of those that are named."""
        found = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: one.rates() for name, one in found if one is not None}


class WarmUpForm(BaseModel):
    """`warm_up:` as written."""

    model_config = _STRICT
    domain: _Domain
    begins: Annotated[date, Field(alias="from")]
    per_day: Annotated[tuple[_PerHour, ...], Field(min_length=1, max_length=366)] = USUAL_PLAN

    @field_validator("begins", mode="before")
    @classmethod
    def _a_day(cls, value: Any) -> Any:
        if type(value) is not date and not isinstance(value, str):
            raise ValueError("write a day, such as 2026-12-01")
        return value

    @field_validator("per_day")
    @classmethod
    def _grows(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        for number, (before, after) in enumerate(pairwise(value), start=2):
            if after < before:
                raise ValueError(f"day {number} is less than the day before it; a plan never falls")
        return value

    def plan(self) -> WarmUp:
        """Return it as the rest of Outreach knows it."""
        return WarmUp(self.domain, self.begins, self.per_day)
