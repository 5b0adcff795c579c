"""No bytes make the readers of marks raise, hang or swell; ``benchmarks/fuzz_marks.py`` tries many more."""

import io

import pytest

from tests.transforms.examine.examine_samples import place_of, settings_of
from tests.transforms.marks import mutation_corpus
from tests.transforms.marks.mark_reader import MarkReader
from tests.transforms.marks.mutations import CHANGES, mutant
from transforms.examine.pool import ChildPool
from transforms.marks.walk import WALKERS

MUTANTS = 60
MUTANTS_OF_EXAMINER = 2
CPU_MS = 5000
GROWTH_MB = 128
FILES = mutation_corpus.files()


@pytest.fixture(scope="module")
def reader():
    with MarkReader() as started:
        for media_type, files in FILES.items():
            for data in files:
                assert started.read(media_type, data).error is None
        yield started


def test_every_format_is_tried():
    assert set(FILES) == set(WALKERS)


@pytest.mark.parametrize("media_type", sorted(FILES))
def test_no_mutant_is_too_much_for_the_readers(reader, media_type):
    start = reader.read(media_type, FILES[media_type][0]).peak_mb
    found = 0
    for number in range(MUTANTS):
        made = mutant(FILES[media_type], f"test {number}")
        reading = reader.read(media_type, made.data)
        told = f"mutant {number} of {media_type} ({made.how})"
        assert reading.error is None, f"{told}: {reading.error}"
        assert reading.cpu_ms < CPU_MS, told
        assert reading.peak_mb - start < GROWTH_MB, told
        found += reading.marks > 0
    assert 0 < found < MUTANTS  # mutants of which every one, or none, is still readable would test little


def test_the_reader_tells_what_walk_would_catch(monkeypatch, reader):
    from tests.transforms.marks import mark_reader
    from transforms.marks import walk
    from transforms.marks.meaning.rule_files import read_rules

    def failing(file, size, budget):
        raise IndexError("out of range")
        yield

    monkeypatch.setitem(walk.WALKERS, "image/gif", failing)
    assert "IndexError" in mark_reader._read("image/gif", b"GIF89a", read_rules()).error
    assert walk.walk(io.BytesIO(b"GIF89a"), "image/gif").left_out  # the net is back in its place


def test_a_reader_that_dies_is_told_and_replaced(monkeypatch):
    with MarkReader() as started:
        assert started.read("image/gif", b"GIF89a").error is None
        started._process.kill()
        started._process.wait()
        assert "status -9" in started.read("image/gif", b"GIF89a").error
        assert started.read("image/gif", b"GIF89a").error is None


# Mutants


def test_the_same_seed_gives_the_same_mutant():
    files = FILES["image/png"]
    made = [mutant(files, str(number)) for number in range(200)]
    assert made == [mutant(files, str(number)) for number in range(200)]
    assert len({one.data for one in made}) > 150
    assert {name for one in made for name in one.how.split("+")} == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc" * 5], ids=len)
def test_files_of_any_length_can_be_changed(name, data):
    import random

    for number in range(50):
        assert len(CHANGES[name](data, data, random.Random(number))) <= 1 << 20


# A whole examiner


def test_no_mutant_ends_an_examiner_child(tmp_path):
    """Unsigned files alone: they are the same in every run, and so is what the decoders make of them."""
    pool = ChildPool(settings_of(1, marks=True), 1)
    try:
        for media_type, files in mutation_corpus.unsigned_files().items():
            for number in range(MUTANTS_OF_EXAMINER):
                made = mutant(files, f"examiner {media_type} {number}")
                path = tmp_path / "mutant"
                path.write_bytes(made.data)
                examined = pool.examine(place_of(path))
                told = f"mutant {number} of {media_type} ({made.how})"
                assert examined.children_lost == 0, told
                assert "failed" not in {note.status for note in examined.examination.layers}, told
    finally:
        pool.close()
