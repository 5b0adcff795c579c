"""A policy: what one law asks of AI-made pictures and videos, as far as a file can show it.

Read from ``configs/policies/<id>.yaml``. What the law says and what is our advice are kept apart: ``law`` holds numbers
of the law, ``advice`` ours; the latter lowers a finding to ``weak`` and never to ``not_found``.
"""

import functools
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600, pattern=r"^[^\n]*$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
KindPrefix = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
Share = Annotated[float, Ge(0), Le(1)]
Seconds = Annotated[float, Ge(0), Le(3600)]
ArticleId = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    Field(description="The article that says so, by its id."),
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Article(_Model):
    """One article, with where to read it."""

    id: ArticleId = Field(description="As reasons name it: 21(2).")
    says: Line = Field(description="What it asks for, in one sentence.")
    link: Annotated[str, StringConstraints(pattern=r"^https://\S+$")] | None = Field(
        default=None, description="Where to read it."
    )


class Grace(_Model):
    """A time after the rule came into force in which it does not yet hold for all."""

    until: date = Field(description="The day on which it ends.")
    holds_later_for: Line = Field(description="For whom the rule holds from that day on only.")
    article: ArticleId


class Effective(_Model):
    """From when on the rule holds."""

    article: ArticleId
    from_: date = Field(alias="from", description="The first day.")
    until: date | None = Field(default=None, description="The last day, of a rule that no longer holds.")
    grace: Grace | None = None
    later: tuple[Line, ...] = Field(default=(), description="Further dates, for people.")


class ScopeRule(_Model):
    """What the rule is about.

    ``any``: all AI-made media. ``imitation``: such as imitate a person or an event that did not happen; a face found
    puts an item in scope. ``deepfake``: such as resemble existing persons, objects, places or events and would seem
    real, which no file shows. ``large_provider``: such as a provider with many users made, which no file shows
    either. ``product``: such as are sold or offered.
    """

    article: ArticleId
    applies_to: Literal["any", "imitation", "deepfake", "large_provider", "product"] = Field(
        description="`any`: all AI-made media; `imitation`: of a person or an event that did not happen; `deepfake`: "
        "of what exists and would seem real; `large_provider`: of a provider with many users; `product`: what is sold."
    )


class ExceptionRule(_Model):
    """When the rule does not hold although the item is AI-made; a file can show at most that one is possible."""

    article: ArticleId
    says: Line = Field(description="What it excepts, in one sentence.")
    possible_when: Literal["ai_part"] | None = Field(default=None, description="What of a file makes it possible.")


class MachineLaw(_Model):
    """Numbers and contents that the law asks of the machine-readable mark."""

    copies: Annotated[int, Ge(1)] | None = Field(default=None, description="How many copies a file must hold.")
    fields: tuple[Literal["provider", "system", "time", "identifier"], ...] = Field(
        default=(), description="What it must tell."
    )


class MachineAdvice(_Model):
    """What we, or a voluntary code, advise of the machine-readable mark."""

    signed_and_watermarked: bool = Field(default=False, description="Whether it should be signed, with a watermark.")
    trusted_signer: bool = Field(default=False, description="Whether its signer should be on a trust list.")


class MachineMark(_Model):
    """What counts as a mark that machines read."""

    article: ArticleId
    required: bool = Field(description="Whether the rule asks for one.")
    accepts: tuple[KindPrefix, ...] = Field(description="Kinds of marks that count, or what they begin with.")
    falls_short: tuple[KindPrefix, ...] = Field(default=(), description="Kinds that are there and fall short: weak.")
    law: MachineLaw = MachineLaw()
    advice: MachineAdvice = MachineAdvice()


class VisibleLaw(_Model):
    """Numbers and contents that the law asks of the warning for people."""

    min_height_ratio: Share | None = Field(default=None, description="Height of its letters over the short side.")
    height_error: Share = Field(default=0.2, description="By what share heights may come out too small.")
    at_start_within: Seconds | None = Field(default=None, description="When it must be there, in a video.")
    min_seconds: Seconds | None = Field(default=None, description="For how long, in a video.")
    seconds_error: Seconds = Field(default=0.5, description="How much too short a time may come out.")
    elements: tuple[tuple[Line, ...], ...] = Field(
        default=(), description="Words that it must have: one of each list, such as [AI] and [生成, 合成]."
    )


class VisibleAdvice(_Model):
    """What we advise of the warning for people."""

    min_height_ratio: Share | None = Field(default=None, description="Height of its letters over the short side.")
    min_contrast: Annotated[float, Ge(0), Le(255)] | None = Field(
        default=None, description="By how many levels of grey it should stand out."
    )
    at_start_within: Seconds | None = Field(default=None, description="When it should be there, in a video.")
    languages: tuple[str, ...] = Field(default=(), description="Of which a warning for buyers should have all.")


class VisibleWarning(_Model):
    """What counts as a warning that people see."""

    article: ArticleId
    required: bool = Field(description="Whether the rule asks for one.")
    accepts: tuple[KindPrefix, ...] = Field(description="Kinds of warnings that count, or what they begin with.")
    falls_short: tuple[KindPrefix, ...] = Field(default=(), description="Kinds that are there and fall short: weak.")
    law: VisibleLaw = VisibleLaw()
    advice: VisibleAdvice = VisibleAdvice()


class Policy(_Model):
    """One policy file."""

    id: Identifier = Field(description="Names the policy in verdicts.")
    title: Line = Field(description="Names it for people.")
    law_text_verified: bool = Field(description="Whether we read the law's own text, not reports of it.")
    duty_of: Line = Field(description="Whose duty it is.")
    articles: tuple[Article, ...] = Field(description="All that reasons may name.")
    effective: Effective
    scope: ScopeRule
    offered_products: ScopeRule | None = Field(default=None, description="A second rule, for what is sold.")
    definition: ArticleId = Field(description="The article that says what counts as AI-made.")
    machine_mark: MachineMark
    visible_warning: VisibleWarning
    combine: Literal["all", "any", "visible"] = Field(
        description="Whether all that is required is needed, or one of it, or the visible warning alone is enough."
    )
    review_from: Literal["suspected", "elevated"] = Field(
        default="suspected", description="From which level of a detector on a person should look."
    )
    exceptions: tuple[ExceptionRule, ...] = Field(default=(), description="When the rule does not hold.")
    open_questions: tuple[Line, ...] = Field(default=(), description="Conflicts between sources, which we leave open.")

    @field_validator("articles")
    @classmethod
    def _articles_differ(cls, articles: tuple[Article, ...]) -> tuple[Article, ...]:
        ids = [article.id for article in articles]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"two articles have the id {twice[0]!r}")
        return articles

    @field_validator(
        "effective", "scope", "offered_products", "definition", "machine_mark", "visible_warning", "exceptions"
    )
    @classmethod
    def _articles_are_known(cls, part: Any, info: ValidationInfo) -> Any:
        known = {article.id for article in info.data.get("articles", ())}
        for article in _articles_of(part) if known else ():
            if article not in known:
                raise ValueError(f"article {article!r} is not among articles")
        return part

    @field_validator("combine")
    @classmethod
    def _something_is_required(cls, combine: str, info: ValidationInfo) -> str:
        machine, visible = info.data.get("machine_mark"), info.data.get("visible_warning")
        if machine and visible and not (machine.required or visible.required):
            raise ValueError("a policy requires a machine mark, a visible warning or both")
        if visible and combine == "visible" and not visible.required:
            raise ValueError("needs a visible warning that is required")
        return combine


def _articles_of(part: Any) -> Iterator[str]:
    """The articles that a part of a policy names."""
    if isinstance(part, str):
        yield part
    for one in part if isinstance(part, tuple) else (part, getattr(part, "grace", None)):
        if hasattr(one, "article"):
            yield one.article


@functools.cache
def matches(kind: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a kind of mark is one of those named, or begins with one and a dot."""
    return any(kind == prefix or kind.startswith(f"{prefix}.") for prefix in prefixes)
