"""The words of verdicts, which do not change: other people's scripts rely on them."""

from enum import StrEnum


class Synthesis(StrEnum):
    """How an item seems to have been made, as far as was found; none of them means that a person made it."""

    DECLARED = "declared"
    TRACED = "traced"
    SUSPECTED = "suspected"
    UNDETERMINED = "undetermined"
    NO_SIGN = "no_sign"
    CAPTURE_DECLARED = "capture_declared"


class Scope(StrEnum):
    """Whether the rule is about the item, as far as a file and its context can tell."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """Whether a disclosure is found in the file or the text beside it; ``weak`` is there and falls short."""

    FOUND = "found"
    WEAK = "weak"
    NOT_FOUND = "not_found"
    NOT_ASSESSABLE = "not_assessable"


class VerdictOutcome(StrEnum):
    """What the policy makes of it all."""

    DISCLOSED = "disclosed"
    PARTLY_DISCLOSED = "partly_disclosed"
    NOT_DISCLOSED = "not_disclosed"
    REVIEW = "review"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_ASSESSABLE = "not_assessable"


class DateBasis(StrEnum):
    """Which date decides which rule was in force."""

    PUBLISHED = "published"
    CAPTURED = "captured"
    AS_OF = "as_of"


class Code(StrEnum):
    """Why a verdict is as it is; each reason names an article of its policy and the marks that it rests on."""

    # How the item seems to have been made.
    DECLARED_BY_MARK = "declared_by_mark"
    DECLARED_BY_LABEL = "declared_by_label"
    TRACE_FOUND = "trace_found"
    SIGN_FOUND = "sign_found"
    DETECTOR_SUSPECTS = "detector_suspects"
    DETECTOR_ELEVATED = "detector_elevated"
    DETECTOR_UNDECIDED = "detector_undecided"
    DETECTOR_NOT_ASSESSABLE = "detector_not_assessable"
    NO_SIGN_FOUND = "no_sign_found"
    CAPTURE_SIGNED = "capture_signed"
    # Disagreement, which is shown and not averaged away.
    AI_CLAIM_BROKEN_SIGNATURE = "ai_claim_broken_signature"
    CAPTURE_AGAINST_SCORE = "capture_against_score"
    CAPTURE_AGAINST_AI_CLAIM = "capture_against_ai_claim"
    DENIAL_AGAINST_AI_CLAIM = "denial_against_ai_claim"
    DENIAL_AGAINST_SCORE = "denial_against_score"
    DETECTORS_DISAGREE = "detectors_disagree"
    # What could not be examined.
    NOT_EXAMINED = "not_examined"
    LAYER_INCOMPLETE = "layer_incomplete"
    # The machine-readable mark.
    MACHINE_MARK_FOUND = "machine_mark_found"
    MACHINE_MARK_NOT_FOUND = "machine_mark_not_found"
    MACHINE_MARK_NOT_ASSESSABLE = "machine_mark_not_assessable"
    MACHINE_MARK_OTHER_FORM = "machine_mark_other_form"
    MACHINE_MARK_BESIDE_ONLY = "machine_mark_beside_only"
    MACHINE_MARK_IS_TRACE = "machine_mark_is_trace"
    MACHINE_MARK_BROKEN_SIGNATURE = "machine_mark_broken_signature"
    MACHINE_MARK_COPIES = "machine_mark_copies"
    MACHINE_MARK_LACKS_FIELDS = "machine_mark_lacks_fields"
    MACHINE_MARK_ONE_LAYER = "machine_mark_one_layer"
    SIGNER_UNTRUSTED = "signer_untrusted"
    # The warning for people.
    VISIBLE_FOUND = "visible_found"
    VISIBLE_BESIDE_FOUND = "visible_beside_found"
    VISIBLE_BESIDE_ONLY = "visible_beside_only"
    VISIBLE_NOT_FOUND = "visible_not_found"
    VISIBLE_NOT_ASSESSABLE = "visible_not_assessable"
    VISIBLE_TOO_SMALL = "visible_too_small"
    VISIBLE_NOT_AT_START = "visible_not_at_start"
    VISIBLE_TOO_SHORT = "visible_too_short"
    VISIBLE_LACKS_ELEMENT = "visible_lacks_element"
    VISIBLE_UNSURE_READING = "visible_unsure_reading"
    VISIBLE_SMALL = "visible_small"
    VISIBLE_FAINT = "visible_faint"
    VISIBLE_LATE = "visible_late"
    VISIBLE_OTHER_LANGUAGE = "visible_other_language"
    GENERATOR_NAME_ONLY = "generator_name_only"
    # Scope and time.
    SHOWS_PERSON = "shows_person"
    PRESENTED_AS_PRODUCT = "presented_as_product"
    NO_PRODUCT = "no_product"
    PUBLISHED_BY = "published_by"
    SCOPE_UNKNOWN = "scope_unknown"
    EXCEPTION_POSSIBLE = "exception_possible"
    BEFORE_IN_FORCE = "before_in_force"
    CAPTURED_BEFORE_IN_FORCE = "captured_before_in_force"
    GRACE_PERIOD = "grace_period"
    DATE_FROM_CAPTURE = "date_from_capture"
    DATE_UNKNOWN = "date_unknown"
