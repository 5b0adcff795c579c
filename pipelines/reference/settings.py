"""Every key of every file that a user may write, as ``docs/configuration.md``, from the models that check the files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml
from pydantic import TypeAdapter

import configs
from pipelines.ignore import Entry
from pipelines.lexicon_config import LexiconFile
from pipelines.profile import Profile
from pipelines.reference.commands import contexts, parameters
from pipelines.reference.docstrings import attributes, summary
from pipelines.reference.markdown import codes, page, table
from pipelines.scan_config import ScanFile, key_of
from transforms.detect.config import DetectorConfig, FusionConfig
from transforms.labels.records import LISTS
from transforms.policy.policy import Policy

_INTRODUCTION: Final = """\
All files are YAML and are checked strictly: a key that is not listed here is refused, and the message names it. A key
with a dot lies within another: `limits.pixels` is `pixels` under `limits`. `[]` stands for each entry of a list, and –
for a default of nothing."""
_SCAN: Final = """\
Options of `aiqyn scan --config FILE`; the command line overrides them. A key is the option's name without its dashes;
[the option](cli.md#aiqyn-scan) tells its default. Paths are named from the file's folder on, and one value will do for
a list. [An example](../examples/scan.yaml); how to use it: [operations](operations.md)."""
_PROFILES: Final = """\
`aiqyn scan --profile FILE`: how a scan samples, what it looks for, and what one file may cost. Changing any key but
those of `segments` makes every item due again. The one that ships is
[default.yaml](../configs/profiles/default.yaml), whose values stand here."""
_POLICIES: Final = """\
`--policy FILE`: what a law, or a rule of your house, asks for. `aiqyn policy check FILE` says what is wrong in one, and
`aiqyn policy schema` prints this for editors.
[Write one in ten minutes](policies.md#your-own-policy-in-ten-minutes)."""
_IGNORE: Final = """\
`--ignore FILE`: a list of verdicts that someone answers for, of which the first that fits holds. Each entry has
`content` or `uri`. [How it is used](policies.md#judging-again-and-what-is-answered-for)."""
_LEXICON: Final = """\
`--lexicon FILE`: further phrases of labels, added to those that ship. Each of these lists of phrases is a key, too,
with a text as its value: {lists}. What each is for, and how phrases are written: [lexicon](lexicon.md#lists)."""
_DETECTOR: Final = """\
Of a detector package, `--detector DIR`. `aiqyn detector train`, `pack` and `calibrate` write it
([your own detector](own-detector.md)); nobody has to by hand."""
_FUSION: Final = """\
A fusion has no network: `fuses` stands in place of `architecture`, `input`, `scope`, `weights` and `self_test`."""
_WORDS: Final = {"integer": "whole number", "boolean": "yes or no", "string": "text", "object": "mapping"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a file.

    Attributes:
        path: With those that it lies within.
        kind: Its type and bounds, for people.
        default: As JSON has it; None where the key is required.
        meaning: One line.
    """

    path: str
    kind: str
    default: str | None
    meaning: str


def settings_page() -> str:
    """``docs/configuration.md``.

    Raises:
        KeyError: It is nowhere said what a key means.
    """
    return page("Configuration", "the models that check each file", _INTRODUCTION, *_sections())


def _sections() -> Iterator[str]:
    yield from ("## scan.yaml", _SCAN)
    yield table(("key", "type", "meaning"), [(f"`{one.path}`", one.kind, one.meaning) for one in scan_keys()])
    shipped = yaml.safe_load((configs.ROOT / "profiles" / "default.yaml").read_text("utf-8"))
    yield from ("## Profiles", _PROFILES, _table(_with_values(keys_of(Profile), shipped), "shipped"))
    yield from ("## Policies", _POLICIES, _table(keys_of(Policy)))
    yield from ("## Ignore file", _IGNORE, _table(keys_of(Entry)))
    phrases = keys_of(LexiconFile, dict.fromkeys(LISTS, "A list of phrases."))
    yield from ("## Lexicon", _LEXICON.format(lists=codes(LISTS)))
    yield _table(one for one in phrases if one.path not in LISTS)
    yield from ("## detector.yaml", _DETECTOR, _table(keys_of(DetectorConfig)))
    yield from ("### Of a fusion", _FUSION)
    yield _table(one for one in keys_of(FusionConfig) if one.path.startswith("fuses"))


def scan_keys() -> Iterator[Key]:
    """Of a scan file; what they mean the command's help says."""
    scan = next(context for context in contexts() if context.command_path == "aiqyn scan")
    told = parameters(scan)
    meanings = {key_of(one): told[one.name].meaning for one in scan.command.params}
    return keys_of(ScanFile, meanings)


def keys_of(model: type, meanings: Mapping[str, str] | None = None) -> Iterator[Key]:
    """Every key that a model reads, with those within it.

    Args:
        model: A pydantic model or a dataclass.
        meanings: By path what keys mean that the model itself does not explain.

    Raises:
        KeyError: It is nowhere said what a key means.
    """
    schema = TypeAdapter(model).json_schema()
    inherited = {name: text for base in model.__mro__ for name, text in attributes(base.__doc__ or "").items()}
    return _keys(schema, schema.get("$defs", {}), "", inherited | dict(meanings or {}))


def _keys(schema: Mapping[str, Any], known: Mapping[str, Any], above: str, told: Mapping[str, str]) -> Iterator[Key]:
    explained = attributes(schema.get("description", ""))
    for name, one in schema["properties"].items():
        path, within = f"{above}{name}", _model_in(one, known)
        meaning = told.get(path) or one.get("description") or explained.get(name)
        meaning = meaning or (within and summary(within.get("description", "")))
        if not meaning:
            raise KeyError(f"It is nowhere said what {path} means, a key that {schema['title']} reads.")
        default = None if name in schema.get("required", ()) else _default({} if within else one)
        yield Key(path, _kind(one, known), default, meaning.replace("``", "`"))
        if within:
            yield from _keys(within, known, f"{path}{'[]' if 'array' in _types(one) else ''}.", told)


def _options(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a value may be, but for nothing."""
    return [option for option in one.get("anyOf", (one,)) if option.get("type") != "null"]


def _types(one: Mapping[str, Any]) -> list[str | None]:
    return [option.get("type") for option in _options(one)]


def _model_in(one: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The model of a value, or of each entry of a list."""
    for option in _options(one):
        inner = option.get("items", option)
        if isinstance(inner, dict) and "$ref" in inner:
            return known[inner["$ref"].rpartition("/")[2]]
    return None


def _kind(one: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_kind_of(option, known) for option in _options(one)))


def _kind_of(one: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if "$ref" in one:
        return "mapping"
    if values := one.get("enum", [one["const"]] if "const" in one else None):
        return " or ".join(f"`{value}`" for value in values)
    if one.get("type") == "array":
        inner = one.get("prefixItems", [one.get("items", {})])
        told = f"list of {_kind(inner[0], known)}"
        return f"{len(inner)} × {_kind(inner[0], known)}" if "prefixItems" in one else told + _bounds(one)
    word = {"date": "day", "path": "path"}.get(one.get("format", ""), _WORDS.get(one.get("type", ""), "number"))
    return word + _bounds(one)


def _bounds(one: Mapping[str, Any]) -> str:
    signs = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "maxLength": "at most {} characters",
        "minItems": "{} or more",
        "pattern": "as `{}`",
    }
    told = "".join(f", {sign.format(one[name])}" for name, sign in signs.items() if name in one)
    return told.replace(r"as `^[^\n]*$`", "on one line")


def _default(one: Mapping[str, Any]) -> str:
    return _as_yaml(one.get("default"))


def _as_yaml(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).split("\n")[0]


def _with_values(keys: Iterator[Key], values: Any) -> Iterator[Key]:
    """The keys with what a file has for them."""
    for key in keys:
        found = values
        for name in key.path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        yield key if found is None or isinstance(found, dict) else replace(key, default=_as_yaml(found))


def _table(keys: Iterable[Key], default: str = "default") -> str:
    rows = [(f"`{one.path}`", one.kind, _shown(one.default), one.meaning) for one in keys]
    return table(("key", "type", default, "meaning"), rows)


def _shown(default: str | None) -> str:
    if default is None:
        return "required"
    return "–" if default in {"null", "[]", "{}", "''"} else f"`{default}`"
