"""What a scan would cost: strata, the draw, the estimators, and the command over a small archive."""

import io
import json
import math
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from pipelines.cli import whole_app
from pipelines.due import Due
from pipelines.errors import Interrupted, UsageError
from pipelines.estimate.measure import Measured, Overheads, Sampled, StoreSize, measure
from pipelines.estimate.ratio import Expansion, expand, interval, t_quantile
from pipelines.estimate.resources import cost_of, money_of, time_of
from pipelines.estimate.strata import FEWEST, Kind, Population, Stratum, allocate, draw, kind_of, stratify, stratum_of
from pipelines.estimate.terms import Terms
from pipelines.estimate.told import Told, facts_of, print_cost, remarks, short
from pipelines.process_memory import Peak
from pipelines.scan_options import ScanOptions
from transforms.records import Place

GOLDEN = Path(__file__).parents[1] / "golden" / "estimate.json"
MIB = 2**20


def place(name: str, size: int | None = 1000, **facts) -> Place:
    return Place("/archive", f"/archive/{name}", f"/archive/{name}", size, 1, **facts)


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (place("a.JPG"), Kind.PICTURE),
        (place("a.gif"), Kind.PICTURE),
        (place("b.mp4"), Kind.VIDEO),
        (place("b.MOV"), Kind.VIDEO),
        (place("c.zip"), Kind.CONTAINER),
        (place("c.tar.gz"), Kind.CONTAINER),
        (place("shard", members=3), Kind.CONTAINER),
        (place("c.zip", member_path="in/it.png"), Kind.PICTURE),
        (place("notes.txt"), Kind.OTHER),
        (place("noending"), Kind.OTHER),
    ],
)
def test_kinds_are_told_from_names(one: Place, kind: Kind) -> None:
    assert kind_of(one) is kind


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (None, "to 64 KiB"),
        (65536, "to 64 KiB"),
        (65537, "to 1 MiB"),
        (16 * MIB, "to 16 MiB"),
        (17 * MIB, "to 256 MiB"),
        (4096 * MIB, "to 4 GiB"),
        (4096 * MIB + 1, "over 4 GiB"),
    ],
)
def test_size_classes(size: int | None, told: str) -> None:
    assert stratum_of(place("a.jpg", size)).size == told


def test_strata_count_places_and_bytes() -> None:
    found = stratify([place("a.jpg", 10), place("b.jpg", 20), place("c.mp4", 5 * MIB)])
    assert {stratum: (one.places, one.bytes) for stratum, one in found.items()} == {
        Stratum(Kind.PICTURE, 0): (2, 30),
        Stratum(Kind.VIDEO, 2): (1, 5 * MIB),
    }


ARCHIVE = [
    *(place(f"p{i:03}.jpg", 1000 + i) for i in range(300)),
    *(place(f"v{i:02}.mp4", 3 * MIB) for i in range(40)),
    place("only.zip"),
]


@pytest.mark.parametrize("sample", [1, 7, 50, 341, 5000])
def test_every_stratum_has_its_least_and_none_has_more_than_it_holds(sample: int) -> None:
    populations = stratify(ARCHIVE)
    taken = allocate(populations, sample)
    assert all(min(FEWEST, one.places) <= taken[stratum] <= one.places for stratum, one in populations.items())
    assert sum(taken.values()) == max(min(sample, len(ARCHIVE)), FEWEST + FEWEST + 1)


def test_most_of_the_sample_goes_where_the_cost_is() -> None:
    taken = allocate(stratify(ARCHIVE), 50)
    assert taken[Stratum(Kind.VIDEO, 2)] > taken[Stratum(Kind.PICTURE, 0)] > FEWEST


def drawn(places: list[Place], sample: int, seed: int) -> set:
    return draw(places, allocate(stratify(places), sample), seed)


def test_the_draw_hangs_on_the_seed_and_not_on_the_order() -> None:
    shuffled = ARCHIVE.copy()
    random.Random(1).shuffle(shuffled)
    assert drawn(shuffled, 50, 7) == drawn(ARCHIVE, 50, 7) != drawn(ARCHIVE, 50, 8)
    assert len(drawn(ARCHIVE, 50, 7)) == 50


def test_a_larger_sample_of_a_stratum_holds_the_smaller_one() -> None:
    pictures = ARCHIVE[:300]
    assert drawn(pictures, 20, 0) < drawn(pictures, 60, 0) < drawn(pictures, 300, 0)


def test_every_place_is_drawn_equally_often() -> None:
    places, seeds = ARCHIVE[:50], 400
    counts = dict.fromkeys((one.uri for one in places), 0)
    for seed in range(seeds):
        for uri, _ in drawn(places, 10, seed):
            counts[uri] += 1
    expected = seeds * 10 / 50
    chi_squared = sum((count - expected) ** 2 / expected for count in counts.values()) / (1 - 10 / 50)
    assert chi_squared < 85.4  # 49 degrees of freedom, 1 in 1,000


amounts = st.floats(0, 1e6, allow_nan=False)
pairs = st.lists(st.tuples(amounts, st.integers(1, 10**9)), min_size=1, max_size=40)


@given(pairs)
def test_a_sample_of_all_is_exact(told: list[tuple[float, int]]) -> None:
    values, sizes = [value for value, _ in told], [size for _, size in told]
    whole = expand(values, sizes, len(told), sum(sizes))
    assert (whole.total, whole.variance, whole.factor) == (math.fsum(values), 0.0, 1.0)
    found = interval([whole])
    assert found.total == found.low == found.high == whole.total


@given(pairs, st.integers(1, 1000))
def test_the_factor_expands_what_was_measured_to_the_total(told: list[tuple[float, int]], more: int) -> None:
    values, sizes = [value for value, _ in told], [float(size) for _, size in told]
    found = expand(values, sizes, len(told) + more, math.fsum(sizes) * 2)
    assert found.factor * math.fsum(values) == pytest.approx(found.total)
    assert found.factor == pytest.approx(2.0 if found.is_ratio else (len(told) + more) / len(told))


@given(st.lists(st.integers(1, 10**6), min_size=12, max_size=40), st.floats(1e-6, 1e3), st.integers(1, 10**9))
def test_cost_in_proportion_to_bytes_is_told_exactly(sizes: list[int], rate: float, rest: int) -> None:
    values = [rate * size for size in sizes]
    found = expand(values, sizes, len(sizes) + 5, sum(sizes) + rest)
    if found.is_ratio:
        assert found.total == pytest.approx(rate * (sum(sizes) + rest))
    else:
        assert len(set(sizes)) == 1


@given(st.lists(amounts, min_size=2, max_size=40), st.integers(1, 100), st.floats(0.1, 10))
def test_units_change_no_relation(values: list[float], more: int, unit: float) -> None:
    sizes = [1.0] * len(values)
    one, other = (expand([k * v for v in values], sizes, len(values) + more, 1.0) for k in (1.0, unit))
    assert other.total == pytest.approx(unit * one.total)
    assert other.variance == pytest.approx(unit**2 * one.variance, rel=1e-6, abs=1e-3)


def test_by_the_textbook() -> None:
    """Four of ten: mean 5, s² 20/3, so the variance of the total is 10² · 0.6 / 4 · 20/3 = 100."""
    found = expand([2, 4, 6, 8], [1, 1, 1, 1], 10, 10)
    assert (found.total, found.variance, found.freedom) == (50, pytest.approx(100), 3)
    between = interval([found])
    assert (between.low, between.high) == (pytest.approx(50 - 31.82, abs=0.05), pytest.approx(50 + 31.82, abs=0.05))


def test_few_places_are_told_by_their_number() -> None:
    assert not expand([1, 2, 3], [1, 2, 3], 9, 18).is_ratio


def test_of_one_place_there_is_no_interval() -> None:
    found = interval([expand([3.0], [1], 4, 4)])
    assert (found.total, found.low, found.high) == (12.0, None, None)


def test_no_estimate_is_less_than_what_was_measured() -> None:
    wild = Expansion(2.0, False, 10.0, 10_000.0, 4)
    assert interval([wild], at_least=6.0).low == 6.0


def test_of_nothing_there_is_no_estimate() -> None:
    with pytest.raises(ValueError, match="nothing was sampled"):
        expand([], [], 4, 4)


@pytest.mark.parametrize(("freedom", "wanted"), [(3, 3.182), (4, 2.776), (10, 2.228), (30, 2.042), (1e9, 1.960)])
def test_quantiles_of_student(freedom: float, wanted: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(wanted, rel=0.002)


def test_intervals_hold_as_often_as_they_say() -> None:
    """Of skewed costs that go with bytes, drawn 400 times: 95 in 100, less what skewness takes (Cochran 2.15)."""
    chance = random.Random(5)
    sizes = [chance.lognormvariate(0, 0.7) for _ in range(2000)]
    costs = [size * chance.uniform(0.5, 1.5) for size in sizes]
    true, held = math.fsum(costs), 0
    for _ in range(400):
        chosen = chance.sample(range(2000), 60)
        found = interval([expand([costs[i] for i in chosen], [sizes[i] for i in chosen], 2000, math.fsum(sizes))])
        held += found.low <= true <= found.high
    assert 0.90 <= held / 400 <= 0.99


def sampled(name: str, size: int, examine: float, model: float, **facts) -> Sampled:
    told = {"outcome": "examined", "media_type": "image/jpeg", "content_sha256": name, "duration_ms": None} | facts
    return Sampled(Due(place(name, size)), examine, model, 1.0, **told)


MEASURED = Measured(
    sample=(
        sampled("a.jpg", 1000, 0.2, 0.1),
        sampled("b.jpg", 3000, 0.4, 0.1),
        sampled("c.jpg", 2000, 0.3, 0.1, content_sha256="b.jpg"),
        sampled("v.mp4", 5 * MIB, 8.0, 2.0, media_type="video/mp4", duration_ms=60_000.0),
        sampled("w.mp4", 5 * MIB, 0.0, 0.0, media_type=None, outcome="failed"),
    ),
    overheads=Overheads(start=6.0, segment=2.0, place=0.01),
    store=StoreSize(place=400.0, segment=50_000.0),
    cpu_seconds=20.0,
    wall_seconds=16.0,
    cores=2,
    peak=Peak(1_200_000_000, 800_000_000, 200_000_000),
)
POPULATIONS = {Stratum(Kind.PICTURE, 0): Population(3000, 6_000_000), Stratum(Kind.VIDEO, 2): Population(2, 10 * MIB)}
WORK = {"segments": 4, "listing_seconds": 1.5, "read_bytes": 9_000_000}


def test_the_parts_are_the_whole() -> None:
    cost = cost_of(POPULATIONS, MEASURED, Terms(), **WORK)
    assert cost.core_hours.total == pytest.approx(sum(cost.parts.values()))
    seconds = {name: value * 3600 for name, value in cost.parts.items()}
    assert seconds == pytest.approx(
        {"examine": 900 + 8, "model": 300 + 2, "places": 30.02, "segments": 8, "start": 6, "listing": 1.5}
    )
    assert (cost.places, cost.duplicates, cost.video_hours) == (3002, 1, pytest.approx(1 / 60))
    assert cost.failed_share == pytest.approx(1 / 3002)
    assert cost.store_bytes == 3002 * 400 + 4 * 50_000
    assert cost.host_memory_bytes == 1_000_000_000
    assert cost.core_hours.low < cost.core_hours.total < cost.core_hours.high


@pytest.mark.parametrize(
    ("terms", "hours", "bound"),
    [
        (Terms(efficiency=1.0), 100, "cpu"),
        (Terms(cores=10, efficiency=0.5), 20, "cpu"),
        (Terms(hosts=4, cores=10, efficiency=0.5), 5, "cpu"),
        (Terms(cores=10, efficiency=1.0, gpus=1, gpu_speedup=100.0), 7, "cpu"),
        (Terms(cores=70, efficiency=1.0, gpus=1, gpu_speedup=10.0), 3, "gpu"),
        (Terms(hosts=3, cores=70, efficiency=1.0, gpus=2, gpu_speedup=10.0), 0.5, "gpu"),
    ],
)
def test_the_slower_of_processors_and_gpus_decides(terms: Terms, hours: float, bound: str) -> None:
    found = time_of(100.0, 30.0, terms)
    assert (found.hours, found.bound_by) == (pytest.approx(hours), bound)


def test_money_is_told_by_the_prices_that_are_given() -> None:
    terms = Terms(2, 10, 1.0, 1, 10.0, price_core_hour=0.05, price_gpu_hour=2.0, price_gb_month=0.02)
    time = time_of(100.0, 30.0, terms)
    assert money_of(time, 5e9, terms) == pytest.approx({"cores": 3.5, "gpus": 14.0, "scan": 17.5, "storage_month": 0.1})
    assert money_of(time, 5e9, replace(terms, price_core_hour=None, price_gpu_hour=None, price_gb_month=None)) == {}


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (Terms(gpus=1), "--gpu needs --gpu-speedup"),
        (Terms(gpu_speedup=3.0), "--gpu how many"),
        (Terms(price_gpu_hour=3.0), "--gpu how many"),
    ],
)
def test_gpus_without_what_they_are_worth_are_refused(terms: Terms, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        terms.check()


def test_the_answer_for_machines() -> None:
    terms = Terms(2, 8, 0.9, 1, 40.0, 0.05, 1.5, 0.02)
    told = Told(cost_of(POPULATIONS, MEASURED, terms, **WORK), MEASURED, terms, 3, 3010, 7, 1)
    facts = json.dumps(facts_of(told), indent=1) + "\n"
    if os.environ.get("AIQYN_UPDATE_GOLDENS"):
        GOLDEN.write_text(facts, "utf-8")
    assert facts == GOLDEN.read_text("utf-8")


TOLD = Told(cost_of(POPULATIONS, MEASURED, Terms(), **WORK), MEASURED, Terms(), 0, 3002, 0, 0)
ALL = {Stratum(Kind.PICTURE, 0): Population(3, 6000), Stratum(Kind.VIDEO, 2): Population(2, 10 * MIB)}
ONE = replace(MEASURED, sample=MEASURED.sample[:1])
NOISY = replace(MEASURED, overheads=Overheads(6.0, 2.0, 0.0))


@pytest.mark.parametrize(
    ("told", "wanted", "unwanted"),
    [
        (TOLD, "5 of 3,002 places were drawn", "disturbed"),
        (replace(TOLD, cost=cost_of(ALL, MEASURED, Terms(), **WORK)), "All 5 places were examined", "were drawn"),
        (replace(TOLD, measured=NOISY), "disturbed", "All"),
        (replace(TOLD, terms=Terms(gpus=1, gpu_speedup=50.0)), "it was not measured", "All"),
        (
            replace(TOLD, cost=cost_of({Stratum(Kind.PICTURE, 0): Population(9, 9000)}, ONE, Terms(), **WORK)),
            "no interval",
            "elsewhere",
        ),
    ],
)
def test_every_answer_says_what_it_rests_on(told: Told, wanted: str, unwanted: str) -> None:
    text = "\n".join(remarks(told))
    assert wanted in text
    assert unwanted not in text


def test_the_answer_for_people_has_every_figure() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    print_cost(replace(TOLD, unchanged=7), console)
    text = console.export_text()
    words = ("picture", "to 64 KiB", "3,000", "Core-hours", "Memory of a host", "7 places unchanged", "5 of 3,002")
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(("value", "text"), [(0.01234, "0.0123"), (12.34, "12.3"), (99.96, "100"), (12345.6, "12,346")])
def test_three_digits_count(value: float, text: str) -> None:
    assert short(value) == text


def test_an_interrupted_sample_tells_nothing(monkeypatch, tmp_path) -> None:
    ended = SimpleNamespace(was_interrupted=True, committed=0)
    monkeypatch.setattr("pipelines.estimate.measure.Scan", lambda *_: SimpleNamespace(run=lambda _: ended))
    with pytest.raises(Interrupted):
        measure(ScanOptions([str(tmp_path)], ""), [Due(place("a.jpg"))], Console(quiet=True))


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(one): (one.stat().st_mtime_ns, one.read_bytes()) for one in root.rglob("*") if one.is_file()}


def estimated(*arguments: str):
    return CliRunner().invoke(whole_app(), ["estimate", *arguments])


def test_an_archive_is_really_examined_and_nothing_is_written(archive, light, light_scan, tmp_path) -> None:
    source, store = tmp_path / "source", tmp_path / "store"
    source.mkdir()
    found = ("autumn/astronaut.jpg", "autumn/cat.jpg", "phone/IMG_0001.jpg", "print/coffee-profile.jpg")
    pictures = [archive / "2023" / one for one in found]
    shutil.copy(pictures[0], source)
    light_scan(source, store=store)
    for one in pictures[1:]:
        shutil.copy(one, source)
    shutil.copy(pictures[1], source / "twice.jpg")
    (source / "broken.jpg").write_bytes(pictures[2].read_bytes()[:300])
    (source / "notes.txt").write_text("no picture")
    before = snapshot(source) | snapshot(store)
    ended = estimated(str(source), "--store", str(store), "--profile", str(light), "--children", "1", "--json")
    assert ended.exit_code == 0, ended.output
    assert snapshot(source) | snapshot(store) == before
    told = json.loads(ended.stdout)
    assert (told["inputs"], told["unchanged"], told["due"], told["sample"]["places"]) == (7, 1, 6, 6)
    assert told["sample"]["duplicates"] == 1
    assert told["failed_share"] == pytest.approx(1 / 6, rel=1e-4)
    core_hours = told["core_hours"]
    assert core_hours["low"] == core_hours["total"] == core_hours["high"] > 0
    assert sum(told["core_hours_by_cause"].values()) == pytest.approx(core_hours["total"], rel=1e-4)
    assert all(told["core_hours_by_cause"][cause] > 0 for cause in ("examine", "model", "segments"))
    assert told["store_bytes"] > 0
    assert told["memory_bytes"]["host"] > told["memory_bytes"]["largest_child"] > 0
    assert told["money"] == {}
    assert told["read_bytes"] == sum(one.stat().st_size for one in source.iterdir()) - pictures[0].stat().st_size


def test_that_nothing_is_due_is_an_answer(tmp_path: Path) -> None:
    ended = estimated(str(tmp_path))
    assert (ended.exit_code, ended.stdout.split(":")[0]) == (0, "Nothing is due")
    ended = estimated(str(tmp_path), "--json")
    assert (ended.exit_code, json.loads(ended.stdout)) == (0, {"inputs": 0, "unchanged": 0, "gone": 0, "due": 0})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "nothing to scan"),
        (["/nowhere/at/all"], "There is nothing at"),
        (["{here}", "--gpu", "1"], "--gpu-speedup"),
        (["{here}", "--min-size", "much"], "--min-size"),
    ],
)
def test_what_cannot_be_estimated_is_told(arguments: list[str], told: str, tmp_path: Path) -> None:
    ended = estimated(*(one.format(here=tmp_path) for one in arguments))
    assert isinstance(ended.exception, UsageError)
    assert told in str(ended.exception)
