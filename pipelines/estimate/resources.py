"""From what a sample took to what the whole would: core-hours, hours, memory, storage, bytes to read, money."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pipelines.estimate.measure import Measured, Sampled
from pipelines.estimate.ratio import Expansion, Interval, expand, interval
from pipelines.estimate.strata import Population, Stratum, stratum_of
from pipelines.estimate.terms import Terms

_HOUR = 3600.0
_MONTH_BYTES = 1e9


@dataclass(frozen=True, slots=True)
class StratumCost:
    """One stratum: all of it, and what its sample says."""

    stratum: Stratum
    places: int
    bytes: int
    sampled: int
    expansion: Expansion
    examine_seconds: float
    model_seconds: float

    @property
    def seconds(self) -> float:
        """Processor seconds of all its places, by content."""
        return self.examine_seconds + self.model_seconds


@dataclass(frozen=True, slots=True)
class Time:
    """How long it takes, and what holds it up.

    Attributes:
        hours: Of the wall clock.
        cpu_hours: That the processors alone would need.
        gpu_hours: That the GPUs alone would need.
        bound_by: ``cpu`` or ``gpu``: whichever needs longer.
    """

    hours: float
    cpu_hours: float
    gpu_hours: float
    bound_by: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a scan of everything would take.

    Attributes:
        core_hours: Of processors, with the interval of what the sample was drawn for.
        parts: The same by cause, in core-hours.
        model_core_hours: What of it a GPU could take over.
        time: On the terms' hosts.
        host_memory_bytes: Peak of one host, by one child for each core.
        store_bytes: Of the tables.
        read_bytes: Of the files, once.
        video_hours: That videos last together.
        failed_share: Of the places, those that could not be examined.
        duplicates: Places of the sample with a content that lies elsewhere in it, too.
        money: By the terms' prices; ``storage_month`` is for each month.
    """

    strata: tuple[StratumCost, ...]
    places: int
    bytes: int
    sampled: int
    segments: int
    core_hours: Interval
    parts: Mapping[str, float]
    model_core_hours: float
    time: Time
    host_memory_bytes: int
    store_bytes: float
    read_bytes: int
    video_hours: float
    failed_share: float
    duplicates: int
    money: Mapping[str, float]


def cost_of(
    populations: Mapping[Stratum, Population],
    measured: Measured,
    terms: Terms,
    *,
    segments: int,
    listing_seconds: float,
    read_bytes: int,
) -> Cost:
    """Expands what was measured.

    Args:
        populations: All that is due, from ``stratify``.
        measured: A sample of it, at least one place of each stratum.
        terms: Hosts and prices.
        segments: Into how many the whole is cut.
        listing_seconds: Processor time that listing and planning all took.
        read_bytes: Of all files.
    """
    sample = _by_stratum(measured.sample)
    strata = tuple(_of_stratum(stratum, whole, sample[stratum]) for stratum, whole in populations.items())
    places = sum(whole.places for whole in populations.values())
    overheads = measured.overheads
    parts = {
        "examine": math.fsum(one.examine_seconds for one in strata) / _HOUR,
        "model": math.fsum(one.model_seconds for one in strata) / _HOUR,
        "places": overheads.place * places / _HOUR,
        "segments": overheads.segment * segments / _HOUR,
        "start": overheads.start * terms.hosts / _HOUR,
        "listing": listing_seconds / _HOUR,
    }
    known = math.fsum(one.examine_seconds + one.model_seconds for one in measured.sample)
    by_content = interval((one.expansion for one in strata), at_least=known)
    core_hours = _shifted(by_content, math.fsum(parts.values()) * _HOUR - by_content.total)
    time = time_of(core_hours.total, parts["model"], terms)
    store_bytes = measured.store.place * places + measured.store.segment * segments
    return Cost(
        strata=strata,
        places=places,
        bytes=sum(whole.bytes for whole in populations.values()),
        sampled=len(measured.sample),
        segments=segments,
        core_hours=core_hours,
        parts=parts,
        model_core_hours=parts["model"],
        time=time,
        host_memory_bytes=measured.peak.own_bytes + terms.cores * measured.peak.child_bytes,
        store_bytes=store_bytes,
        read_bytes=read_bytes,
        video_hours=_expanded(strata, sample, lambda one: (one.duration_ms or 0.0) / 1000) / _HOUR,
        failed_share=_expanded(strata, sample, lambda one: float(one.outcome == "failed"), by_number=True) / places,
        duplicates=_duplicates(measured.sample),
        money=money_of(time, store_bytes, terms),
    )


def time_of(core_hours: float, model_core_hours: float, terms: Terms) -> Time:
    """Processors and GPUs work at the same time; the slower of both decides.

    Args:
        core_hours: Of everything.
        model_core_hours: What of it GPUs take over where there are any.
        terms: Hosts.
    """
    on_gpu = model_core_hours if terms.gpus else 0.0
    cpu = (core_hours - on_gpu) / (terms.hosts * terms.cores * terms.efficiency)
    gpu = on_gpu / (terms.hosts * terms.gpus * (terms.gpu_speedup or 1.0)) if terms.gpus else 0.0
    return Time(max(cpu, gpu), cpu, gpu, "gpu" if gpu > cpu else "cpu")


def money_of(time: Time, store_bytes: float, terms: Terms) -> dict[str, float]:
    """Hosts are paid for from start to end, busy or not; what has no price is left out."""
    hours = time.hours * terms.hosts
    told = {}
    if terms.price_core_hour is not None:
        told["cores"] = hours * terms.cores * terms.price_core_hour
    if terms.price_gpu_hour is not None:
        told["gpus"] = hours * terms.gpus * terms.price_gpu_hour
    if told:
        told["scan"] = math.fsum(told.values())
    if terms.price_gb_month is not None:
        told["storage_month"] = store_bytes / _MONTH_BYTES * terms.price_gb_month
    return told


def _shifted(one: Interval, more: float) -> Interval:
    """In hours, with what has no interval."""
    low, high = (None if bound is None else (bound + more) / _HOUR for bound in (one.low, one.high))
    return Interval((one.total + more) / _HOUR, low, high)


def _by_stratum(sample: Iterable[Sampled]) -> dict[Stratum, list[Sampled]]:
    found: defaultdict[Stratum, list[Sampled]] = defaultdict(list)
    for one in sample:
        found[stratum_of(one.due.place)].append(one)
    return found


def _of_stratum(stratum: Stratum, whole: Population, sample: list[Sampled]) -> StratumCost:
    seconds = [one.examine_seconds + one.model_seconds for one in sample]
    sizes = [float(one.due.place.size_bytes or 0) for one in sample]
    expansion = expand(seconds, sizes, whole.places, whole.bytes)
    examine = expansion.factor * math.fsum(one.examine_seconds for one in sample)
    model = expansion.factor * math.fsum(one.model_seconds for one in sample)
    return StratumCost(stratum, whole.places, whole.bytes, len(sample), expansion, examine, model)


def _expanded(
    strata: Iterable[StratumCost],
    sample: Mapping[Stratum, list[Sampled]],
    quantity: Callable[[Sampled], float],
    *,
    by_number: bool = False,
) -> float:
    """The total of any quantity over all strata, by their measures or by the number of places."""
    return math.fsum(
        (one.places / one.sampled if by_number else one.expansion.factor)
        * math.fsum(quantity(each) for each in sample[one.stratum])
        for one in strata
    )


def _duplicates(sample: Iterable[Sampled]) -> int:
    contents = Counter(one.content_sha256 for one in sample if one.content_sha256)
    return sum(number - 1 for number in contents.values())
