"""The package's page: the case for people, as one HTML file without script or network."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipelines.case import Case
from pipelines.evidence.custody import Event
from pipelines.evidence.rows import ContentRows
from pipelines.pages.html import STYLE, environment, self_contained
from pipelines.ruling_story import policy_sections
from pipelines.stills import Picture
from pipelines.story import fact_sections
from pipelines.words import Voice
from transforms.marks.meaning.rule_files import read_rules

_TEMPLATE = "case.html.j2"
_STYLE = """
main { max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
section, header { margin-bottom: 2rem; }
.outcome { font-weight: 650; font-size: 1.1rem; }
.deep { padding-left: 1.5rem; color: var(--soft); }
.frames { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: var(--gap); }
figure { margin: 0; }
figure img { max-width: 100%; height: auto; display: block; border: 1px solid var(--rule); }
section p { margin-bottom: .3rem; }
th, td { white-space: nowrap; }
td.long { white-space: normal; overflow-wrap: anywhere; min-width: 15rem; }
@media print { th, td, td.long { white-space: normal; overflow-wrap: anywhere; min-width: 0; } }
"""
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
    style = Markup(STYLE.read_text("utf-8") + _STYLE)  # noqa: S704  (our own)
    return (
        environment(Path(__file__).parent)
        .get_template(_TEMPLATE)
        .render(
            policy_line=self_contained([style], []),
            style=style,
            cell=_cell,
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


def _cell(value: Any) -> str:
    """A value of a row as a table shows it."""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_cell(one)}" for name, one in value.items() if one is not None)
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return "" if value is None else str(value)


def _first(rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    return rows[-_MOST_SHOWN:]
