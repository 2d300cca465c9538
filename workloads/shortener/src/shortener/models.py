"""What the API takes and gives. camelCase outside, snake_case inside."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    StrictBool,
    StrictInt,
    TypeAdapter,
    model_validator,
)
from pydantic.alias_generators import to_camel

from shortener.slugs import PATTERN

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)

_url = TypeAdapter(HttpUrl)


def _written_out(text: str) -> str:
    """As browsers read it: host in ASCII, the rest percent-encoded; so nothing in it can end a header line."""
    return str(_url.validate_python(text))


Target = Annotated[
    str,
    Field(max_length=2048, pattern=r"^https?://", examples=["https://example.org/spring?sale=1"]),
    AfterValidator(_written_out),
    Field(max_length=2048),
]
Slug = Annotated[str, Field(pattern=PATTERN, max_length=64, examples=["spring"])]
Limit = Annotated[StrictInt, Field(ge=1, le=2**53)]
WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")


def _written_as_a_moment(moment: object) -> object:
    """Pydantic would take a number, also as text, for seconds since 1970."""
    if not isinstance(moment, datetime) and not (isinstance(moment, str) and WRITTEN.match(moment)):
        raise ValueError("must be text, as 2026-01-31T12:00:00Z")
    return moment


def _in_our_time(moment: datetime) -> datetime:
    """A day's room at both ends, so that no time zone leads out of what Python and Postgres know."""
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("must lie in the years 1970 to 9998")
    return moment


def _writable(password: SecretStr) -> SecretStr:
    """JSON can carry half a character, which no form can send."""
    try:
        password.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("must be text that UTF-8 can carry") from None
    return password


Moment = Annotated[AwareDatetime, BeforeValidator(_written_as_a_moment), AfterValidator(_in_our_time)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256), AfterValidator(_writable)]


class ApiModel(BaseModel):
    """Unknown fields are refused: a misspelt one must not be lost in silence."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True, extra="forbid"
    )


class Conditions(ApiModel):
    """What a link may have beside its target."""

    fallback_target: Target | None = None
    """Where visits go before `validFrom`, after `validUntil` and beyond `visitLimit`; without it they end here."""

    valid_from: Moment | None = None
    """The link opens at this moment, in the years 1970 to 9998."""

    valid_until: Moment | None = None
    """The link ends at this moment, in the years 1970 to 9998."""

    visit_limit: Limit | None = None
    """Visits that get through, exactly; counted from the link's creation."""

    password: Password | None = None
    """Visitors are asked for it. It is stored as a hash and never shown."""

    @model_validator(mode="after")
    def _opens_before_it_ends(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("validFrom must lie before validUntil")
        return self


class NewLink(Conditions):
    """A link to be made."""

    target: Target
    """Where visits go: http or https."""

    slug: Slug | None = None
    """The last part of the short address; made up when left out."""

    find_if_exists: StrictBool = False
    """Give the tenant's link with this target and these conditions when there is one, instead of another one. A link
    with a password is never found: it is made anew, or 409 where its slug is taken."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"target": "https://example.org/spring", "slug": "spring"}]}
    )


class LinkChange(Conditions):
    """What is to be different. A field that is left out stays; null takes a condition away."""

    target: Target | None = None
    """Where visits go from now on."""

    enabled: StrictBool | None = None
    """False: the link answers 410 from now on, true: it goes on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": False}]})

    @model_validator(mode="after")
    def _keeps_what_it_needs(self) -> Self:
        for name in ("target", "enabled"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be taken away")
        return self


class Link(ApiModel):
    """A link as its tenant sees it."""

    slug: str
    """The last part of the short address."""
    short_url: str
    """The whole short address."""
    target: str
    """Where visits go."""
    fallback_target: str | None
    """Where they go when a condition does not hold."""
    valid_from: datetime | None
    """The link opens at this moment."""
    valid_until: datetime | None
    """The link ends at this moment."""
    visit_limit: int | None
    """Visits that get through."""
    visits: int | None = None
    """How many of them did; null without a `visitLimit`, where the statistics count."""
    has_password: bool
    """Whether visitors are asked for one."""
    enabled: bool
    """False: it was switched off."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it was last changed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "slug": "spring",
                    "shortUrl": "https://links.example.com/spring",
                    "target": "https://example.org/spring",
                    "fallbackTarget": None,
                    "validFrom": None,
                    "validUntil": None,
                    "visitLimit": None,
                    "visits": None,
                    "hasPassword": False,
                    "enabled": True,
                    "createdAt": "2026-03-01T09:00:00Z",
                    "updatedAt": "2026-03-01T09:00:00Z",
                }
            ]
        }
    )


class LinkPage(ApiModel):
    """Some links, newest first."""

    items: list[Link]
    """At most as many as asked for."""
    next: str | None
    """Give it as `cursor` for the page after this one; null on the last one."""


class Day(ApiModel):
    """One day in UTC."""

    day: date
    """The day."""
    clicks: int
    """Visits by people that were sent to the target."""
    bots: int
    """Visits by programs that were."""


class Source(ApiModel):
    """Where visits came from."""

    source: str
    """Host of the referrer, or family of the browser; empty when unknown, `other` beyond the hundred named a day."""
    clicks: int
    """Visits by people."""


class Statistics(ApiModel):
    """The visits of one link, a second or two old."""

    slug: str
    """The link."""
    clicks: int
    """Sum over the days below, people only."""
    bots: int
    """The same of programs."""
    days: list[Day]
    """Days with visits, oldest first."""
    referrers: list[Source]
    """The ten that sent most."""
    agents: list[Source]
    """The ten most used."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "slug": "spring",
                    "clicks": 3,
                    "bots": 1,
                    "days": [{"day": "2026-03-01", "clicks": 3, "bots": 1}],
                    "referrers": [{"source": "news.example.net", "clicks": 3}],
                    "agents": [{"source": "Firefox", "clicks": 3}],
                }
            ]
        }
    )
