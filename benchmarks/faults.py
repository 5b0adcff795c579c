"""SIGKILLs at random moments over drivers of parts of one scan and their children; in the end nothing may tell of it.

    python benchmarks/faults.py [--kills 200] [--seed 1] [--one-store] [--keep DIR]

An archive is scanned into a store in one to three parts at once, by drivers that start in the same second; meanwhile
drivers and their children are killed, at random moments or just when a segment ends, and started again. Then the
archive changes, and the same again. Then one scan runs undisturbed, and the store is compared with one into which the
same was scanned by one driver that nobody killed: the same rows in the views, in all columns but ids and times, as many
rows for each place, one verdict for each, and `aiqyn store check` finds no damage. That is one episode of about 30
kills, and the next has a new store; with `--one-store` the archive changes until all kills are spent on one.
"""

import argparse
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import configs  # noqa: E402
from examples.media.pictures import generated_picture, jpeg, png  # noqa: E402
from examples.media.videos import video  # noqa: E402
from pipelines.store import Store  # noqa: E402
from pipelines.tables import connect  # noqa: E402

_PICTURES: Final = 26
_MODIFIED: Final = 1_750_000_000
_KILLS_A_PHASE: Final = 15
_LONGEST_WAIT: Final = 12.0
_SETTLED: Final = {0, 3}
_CHILDREN: Final = (b"transforms.examine.child", b"transforms.containers.child")
_IDS: Final = "scan_id, segment_id"
_VIEWS: Final = {
    "items_latest": f"SELECT * EXCLUDE ({_IDS}, examined_at) FROM items_latest",
    "frames_latest": f"SELECT * EXCLUDE ({_IDS}) FROM frames_latest",
    "marks_latest": f"SELECT * EXCLUDE ({_IDS}) FROM marks_latest",
    "item_marks": f"SELECT * EXCLUDE ({_IDS}) FROM item_marks",
    "verdicts_latest": f"""
        SELECT * EXCLUDE ({_IDS}, as_of, decided_on, judgement, sequence, judged_at) FROM verdicts_latest
    """,
    "rows of each place": "SELECT uri, member_path, outcome, content_sha256, count(*) FROM items GROUP BY ALL",
    "verdicts of each place": "SELECT uri, member_path, policy, outcome, count(*) FROM verdicts GROUP BY ALL",
}
_SOUND: Final = {
    "a row with two verdicts of one policy": """
        SELECT segment_id, uri, member_path, policy FROM verdicts GROUP BY ALL HAVING count(*) > 1
    """,
    "two segments with one number": 'SELECT "sequence" FROM segments GROUP BY ALL HAVING count(*) > 1',
    "a scan that is neither complete nor killed": "FROM scans WHERE status NOT IN ('complete', 'killed')",
}


@dataclass(slots=True)
class Told:
    """What happened.

    Attributes:
        kills: By victim.
        faults: What should not have been.
    """

    kills: Counter[str] = field(default_factory=Counter)
    recovered: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Driver:
    """One process that scans a part. Of each one child at most is killed: what it had in hand is tried twice."""

    part: str
    process: subprocess.Popen[str]
    log: Path
    has_lost_a_child: bool = False


def build(folder: Path, generation: int) -> None:
    """The archive: tiny pictures, copies, a broken file, a text beside one, a video, a zip; each time some are new."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "below").mkdir(parents=True)
    is_odd = generation % 2 == 1
    for number in range(_PICTURES):
        version = max(0, generation - (number + generation) % 3)
        picture = generated_picture(number % 20 + 100 * version, (96, 64))
        data, ending = (png(picture), "png") if number % 2 else (jpeg(picture), "jpg")
        _write(folder / ("below" if number % 3 else "") / f"{number:02}.{ending}", data, version)
    _write(folder / "below" / "01.txt", b"Made with AI" if is_odd else b"A photograph", generation)
    _write(folder / "notes.txt", b"no media", 0)
    video(folder / "short.mp4", seconds=1, size=(160, 120))
    os.utime(folder / "short.mp4", (_MODIFIED, _MODIFIED))
    with zipfile.ZipFile(folder / "album.zip", "w") as archive:
        for number in range(5 if is_odd else 7):
            archive.writestr(zipfile.ZipInfo(f"{number}.png"), png(generated_picture(40 + number, (64, 64))))
    os.utime(folder / "album.zip", (_MODIFIED + generation,) * 2)
    if is_odd:
        (folder / "below" / "02.jpg").unlink()
        _write(folder / "new.png", png(generated_picture(50 + generation, (80, 80))), generation)
    else:
        _write(folder / "cut.jpg", jpeg(generated_picture(3, (300, 200)))[:2000], 0)


def _write(file: Path, data: bytes, version: int) -> None:
    file.write_bytes(data)
    os.utime(file, (_MODIFIED + version,) * 2)


def start(work: Path, store: Path, part: str, number: int) -> Driver:
    """A driver of a part, or of the whole for ``1/1``."""
    log = work / "logs" / f"{store.name}-{number:03}.log"
    log.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pipelines.cli", "scan", str(work / "archive"), "--store", str(store)]
    command += ["--profile", str(work / "light.yaml"), "--segment-items", "3", "--segments", part]
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, stderr=file, stdout=file, text=True)
    return Driver(part, process, log)


def run_phase(work: Path, store: Path, kills: int, chance: random.Random, told: Told) -> None:
    """Scans in parts, with so many kills meanwhile, until every part came to its end."""
    of = chance.choice((1, 2, 2, 3, 3))
    first = started = len(list((work / "logs").glob(f"{store.name}-*")))
    drivers = [start(work, store, f"{number}/{of}", started + number) for number in range(1, of + 1)]
    started += of
    while drivers:
        is_killing = kills > 0
        if is_killing:
            _wait(store, chance)
            kills -= _kill_one(drivers, chance, told)
        else:
            time.sleep(0.1)
        for driver in list(drivers):
            status = driver.process.poll()
            if status is None:
                continue
            drivers.remove(driver)
            if status not in _SETTLED and status != -signal.SIGKILL:
                told.faults.append(f"{driver.log}: part {driver.part} ended with {status}")
            if status not in _SETTLED or is_killing:
                started += 1
                drivers.append(start(work, store, driver.part, started))
        told.faults += [f"{store}: not even once in a long time"] if started > first + 200 else []
        if started > first + 200:
            break


def _wait(store: Path, chance: random.Random) -> None:
    """Until a random moment, or one just after a segment's pipeline ended, when commits are made."""
    until = time.monotonic() + chance.uniform(0, _LONGEST_WAIT)
    if chance.random() < 0.5:
        while time.monotonic() < until:
            time.sleep(0.02)
        return
    manifests = store / "_manifests"
    known = set(_names(manifests))
    while time.monotonic() < until + _LONGEST_WAIT / 2:
        if set(_names(manifests)) - known:
            time.sleep(chance.uniform(0, 0.08))
            return
        time.sleep(0.002)


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.json")]


def _kill_one(drivers: list[Driver], chance: random.Random, told: Told) -> int:
    """Kills a driver, all drivers, or a child that examines or reads an archive; how many processes."""
    living = [driver for driver in drivers if driver.process.poll() is None]
    if not living:
        return 0
    lot = chance.random()
    if lot < 0.3:
        whole = [driver for driver in living if not driver.has_lost_a_child]
        if children := [(driver, child) for driver in whole for child in _children(driver.process.pid)]:
            driver, child = chance.choice(children)
            driver.has_lost_a_child = True
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:  # it ended this moment
                return 0
            told.kills["child"] += 1
            return 1
    victims = living if lot > 0.85 else [chance.choice(living)]
    for driver in victims:
        driver.process.kill()
        driver.process.wait()
        told.kills["driver beside others" if len(drivers) > 1 else "only driver"] += 1
    return len(victims)


def _children(parent: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            is_one = any(name in (entry / "cmdline").read_bytes() for name in _CHILDREN)
            its_parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue  # it ended while we looked
        if is_one and its_parent == parent:
            yield int(entry.name)


def scan_undisturbed(work: Path, store: Path, told: Told) -> None:
    """One driver over everything, to its end."""
    driver = start(work, store, "1/1", 900 + int(time.monotonic()) % 100)
    if driver.process.wait() not in _SETTLED:
        told.faults.append(f"{driver.log}: the undisturbed scan ended with {driver.process.returncode}")


def compare(store: Path, reference: Path, told: Told) -> None:
    """Everything that is other than in the reference, or is not as it should be in any store."""
    for name, sql in _VIEWS.items():
        found, wanted = (Counter(map(str, _rows(one, sql))) for one in (store, reference))
        for row in list((found - wanted).elements())[:2]:
            told.faults.append(f"{store}: {name}: not in the reference: {row[:600]}")
        for row in list((wanted - found).elements())[:2]:
            told.faults.append(f"{store}: {name}: only in the reference: {row[:600]}")
    for name, sql in _SOUND.items():
        told.faults += [f"{store}: {name}: {row}" for row in _rows(store, sql)]
    check = [sys.executable, "-m", "pipelines.cli", "store", "check", "--deep", "--store", str(store)]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        told.faults.append(f"{store}: store check: {done.stdout[:1000]} {done.stderr[:1000]}")


def _rows(store: Path, sql: str) -> list[tuple[Any, ...]]:
    with connect(Store.open(store)) as tables:
        return tables.execute(sql).fetchall()


def campaign(work: Path, kills: int, seed: int, phases: int | None) -> Told:
    """Runs episodes until so many processes were killed.

    Args:
        work: Folder for everything, empty.
        kills: How many.
        seed: Of the moments and victims; what the machine makes of them differs from run to run.
        phases: How many archives, each changed from the one before, are scanned into one store; None: all into one.
    """
    text = (configs.ROOT / "profiles" / "default.yaml").read_text("utf-8")
    (work / "light.yaml").write_text(text.replace("labels:\n  enabled: true", "labels:\n  enabled: false"))
    chance, told = random.Random(seed), Told()  # noqa: S311  (no secret)
    reference = work / "reference"
    for episode in itertools.count():
        began, store = time.monotonic(), work / f"store-{episode:02}"
        for generation in itertools.count() if phases is None else range(phases):
            build(work / "archive", generation)
            if episode == 0:  # the archives are the same in each
                scan_undisturbed(work, reference, told)
            left = min(_KILLS_A_PHASE, kills - told.kills.total())
            run_phase(work, store, left, chance, told)
            print(f"{store.name}, archive {generation}: {told.kills.total()} kills", flush=True)
            if phases is None and told.kills.total() >= kills:
                break
        scan_undisturbed(work, store, told)
        compare(store, reference, told)
        statuses = dict(_rows(store, "SELECT status, count(*) FROM scans GROUP BY ALL"))
        seconds = time.monotonic() - began
        print(f"{store.name}: {told.kills.total()} kills, scans {statuses}, {len(told.faults)} faults, {seconds:.0f} s")
        if told.kills.total() >= kills:
            break
    return told


def main() -> None:
    """Runs the campaign, prints what it killed and what was wrong; exit status 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one-store", action="store_true", help="Let all kills be over one store.")
    parser.add_argument("--keep", type=Path, help="Folder for archive, stores and logs; it must not exist.")
    asked = parser.parse_args()
    work = asked.keep or Path(tempfile.mkdtemp(prefix="aiqyn-faults-"))
    work.mkdir(exist_ok=asked.keep is None)
    told = campaign(work, asked.kills, asked.seed, None if asked.one_store else 2)
    print(f"Kills: {', '.join(f'{number} {victim}' for victim, number in sorted(told.kills.items()))}.")
    print("\n".join(told.faults) or "No fault.")
    if not asked.keep and not told.faults:
        shutil.rmtree(work)
    raise SystemExit(bool(told.faults))


if __name__ == "__main__":
    main()
