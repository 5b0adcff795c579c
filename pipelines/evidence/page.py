"""The package's page: the case for people, as one HTML file without script or network."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.case import Case
from pipelines.evidence.custody import Event
from pipelines.evidence.rows import ContentRows
from pipelines.marks import one_line
from pipelines.ruling_story import policy_sections
from pipelines.stills import Picture
from pipelines.story import fact_sections
from pipelines.words import Voice
from transforms.marks.meaning.rule_files import read_rules

_TEMPLATE = "case.html.j2"
_MOST_SHOWN = 200
"""Rows of a table on the page; all of them are in the package's JSON."""


def render(
    case: Case,
    rows: ContentRows,
    events: Sequence[Event],
    facts: Mapping[str, Any],
    pictures: Mapping[str, Picture],
    voice: Voice,
) -> bytes:
    """The page, UTF-8.

    Args:
        case: As the store knows it; texts of the file are hostile until they are escaped.
        rows: Of the store.
        events: The custody log.
        facts: What ``package.json`` says.
        pictures: Frames by their path in the package.
        voice: The language of the story.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = one_line
    return (
        environment.get_template(_TEMPLATE)
        .render(
            language=voice.words.language,
            case=case,
            facts=facts,
            events=events,
            sections=[*fact_sections(case, voice, read_rules()), *policy_sections(case, voice)],
            verdicts=_first(rows.tables["verdicts"]),
            marks=_first(rows.tables["marks"]),
            frames=_first(rows.tables["frames"]),
            counts={name: len(found) for name, found in rows.tables.items()},
            pictures=[(path, picture, base64.b64encode(picture.jpeg).decode()) for path, picture in pictures.items()],
        )
        .encode()
    )


def _first(rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    return rows[-_MOST_SHOWN:]
