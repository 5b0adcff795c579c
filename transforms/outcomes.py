"""Outcomes and reason codes: what may have happened to an input, in words that do not change."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one input. None of them means "clean"."""

    EXAMINED = "examined"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"
    GONE = "gone"


class Reason(StrEnum):
    """Why an input was not examined; each code belongs to exactly one outcome."""

    EMPTY_FILE = "empty_file"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    NO_FRAMES = "no_frames"
    DECODER_CRASHED = "decoder_crashed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    UNREADABLE = "unreadable"
    NOT_FOUND = "not_found"
    CHANGED_DURING_SCAN = "changed_during_scan"
    SCORING_FAILED = "scoring_failed"

    NOT_MEDIA = "not_media"
    NAMED_AS_MEDIA = "named_as_media"
    UNSUPPORTED_FORMAT = "unsupported_format"
    DECODER_MISSING = "decoder_missing"
    OVER_PIXEL_LIMIT = "over_pixel_limit"
    OVER_SIZE_LIMIT = "over_size_limit"
    CONTAINER = "container"
    NOT_A_FILE = "not_a_file"
    ENCRYPTED = "encrypted"
    OVER_CONTAINER_LIMIT = "over_container_limit"
    NESTED = "nested"
    NEAR_DUPLICATE = "near_duplicate"

    VANISHED = "vanished"

    @property
    def outcome(self) -> Outcome:
        """The outcome this reason leads to."""
        if self is Reason.VANISHED:
            return Outcome.GONE
        return Outcome.NOT_CHECKED if self in _NOT_CHECKED else Outcome.FAILED

    @property
    def sentence(self) -> str:
        """One line that a person understands."""
        return _SENTENCES[self]


_NOT_CHECKED = frozenset(
    {
        Reason.NOT_MEDIA,
        Reason.NAMED_AS_MEDIA,
        Reason.UNSUPPORTED_FORMAT,
        Reason.DECODER_MISSING,
        Reason.OVER_PIXEL_LIMIT,
        Reason.OVER_SIZE_LIMIT,
        Reason.CONTAINER,
        Reason.NOT_A_FILE,
        Reason.ENCRYPTED,
        Reason.OVER_CONTAINER_LIMIT,
        Reason.NESTED,
        Reason.NEAR_DUPLICATE,
    }
)

FLEETING = frozenset(
    {
        Reason.UNREADABLE,
        Reason.NOT_FOUND,
        Reason.CHANGED_DURING_SCAN,
        Reason.VANISHED,
        Reason.TIMED_OUT,
        Reason.OUT_OF_MEMORY,
        Reason.DECODER_CRASHED,
        Reason.DECODER_MISSING,
        Reason.SCORING_FAILED,
    }
)
"""Reasons that may be the place's, the machine's or the moment's: the same bytes may end otherwise elsewhere."""

OF_LISTING = frozenset(
    {Reason.CONTAINER, Reason.NOT_A_FILE, Reason.ENCRYPTED, Reason.OVER_CONTAINER_LIMIT, Reason.NESTED}
)
"""Reasons that the listing of a container gives, so that the bytes are not opened."""

_SENTENCES = {
    Reason.EMPTY_FILE: "The file holds no bytes.",
    Reason.TRUNCATED: "The file ends before its content does.",
    Reason.CORRUPT: "The decoder found the content broken.",
    Reason.NO_FRAMES: "The video holds no frame that can be shown.",
    Reason.DECODER_CRASHED: "The decoder crashed on this file, twice.",
    Reason.TIMED_OUT: "Decoding took longer than the limit.",
    Reason.OUT_OF_MEMORY: "Decoding needed more memory than the limit.",
    Reason.UNREADABLE: "The file could not be read.",
    Reason.NOT_FOUND: "The manifest names the file, and it was never there.",
    Reason.CHANGED_DURING_SCAN: "The file changed while it was being examined.",
    Reason.SCORING_FAILED: "The detector could not score any frame.",
    Reason.NOT_MEDIA: "The file is neither a picture nor a video.",
    Reason.NAMED_AS_MEDIA: "The name says picture or video; the content is neither.",
    Reason.UNSUPPORTED_FORMAT: "The format is known, but no decoder for it is built in.",
    Reason.DECODER_MISSING: "The decoder for this format is not installed.",
    Reason.OVER_PIXEL_LIMIT: "The picture claims more pixels than the limit.",
    Reason.OVER_SIZE_LIMIT: "The file is larger than the limit.",
    Reason.CONTAINER: "The file is a container; each of its members has a row of its own.",
    Reason.NOT_A_FILE: "The member is a link or a device; such are not followed.",
    Reason.ENCRYPTED: "The member is encrypted.",
    Reason.OVER_CONTAINER_LIMIT: "The container has more members, or unpacks to more, than the limit.",
    Reason.NESTED: "The member is a container that lies too deep, or is too large, to be opened.",
    Reason.NEAR_DUPLICATE: "It looks like a picture that was examined, and such were to be skipped.",
    Reason.VANISHED: "The file was there in an earlier scan and is no longer.",
}
