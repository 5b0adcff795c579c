"""The words of a page, in the languages of ``configs/words``; checked when they are read."""

from collections.abc import Mapping
from typing import ClassVar, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from pipelines.words import FOLDER, Language, Sentence

Named = dict[str, Sentence]


class PageWords(BaseModel):
    """A file ``<page>.<language>.yaml``; each page has a class of its own.

    Attributes:
        page: The file's name, up to its language.
        complete: Sections that must have a name for each of these words, and no other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    page: ClassVar[str]
    complete: ClassVar[Mapping[str, frozenset[str]]]

    language: Language
    phrases: Named

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        for section, words in self.complete.items():
            if odd := sorted(set(getattr(self, section)) ^ words):
                raise ValueError(f"{section} lacks, or should not have: {', '.join(odd)}")
        return self

    def phrase(self, name: str, /, **values: object) -> str:
        """A phrase with its places filled."""
        return self.phrases[name].format(**values)

    @classmethod
    def read(cls, language: Language) -> Self:
        """The words that ship with Aiqyn.

        Raises:
            OSError: A file is missing: the installation is not complete.
            pydantic.ValidationError: A file was changed and is not as it should be.
        """
        return cls.model_validate(yaml.safe_load((FOLDER / f"{cls.page}.{language}.yaml").read_text("utf-8")))
