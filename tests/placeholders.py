"""What the commands of the documentation name, made real: a small archive that was scanned, and what lies beside it.

A folder stands for the machine of the reader: it is the working directory, and ``/archive`` is ``archive`` in it.
"""

import shutil
import zipfile
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pandas as pd

from examples.media.pictures import generated_picture, jpeg, photograph
from examples.media.videos import video
from pipelines.reviews import Decision, Review, record_reviews
from pipelines.store import Store
from tests.commands import type_in
from tests.conftest import rows
from tests.markdown import ROOT, blocks
from tests.s3_server import Bucket, S3Server
from tests.transforms.marks import c2pa_corpus

ARCHIVE = {
    "portrait.jpg": "2023/autumn/astronaut.jpg",
    "parameters.png": "declared/parameters.png",
    "declared.jpg": "declared/made by a model.jpg",
    "label.jpg": "labelled/ЖИ.jpg",
}
"""What is in ``/archive``, and from where in the sample archive it comes."""
BESIDE = {"portrait.jpg": "portrait.jpg", "picture.jpg": "declared.jpg", "picture.png": "parameters.png"}
BUCKETS: dict[str, tuple[str, ...]] = {
    "bucket": ("films/2024/film.mp4",),
    "films": ("film.mp4",),
    "archive": ("2024/portrait.jpg",),
    "audits": (),
}
DECISIONS = {
    "portrait.jpg": ["not_ai"],
    "parameters.png": ["not_disclosed"],
    "declared.jpg": ["unsure"],
    "label.jpg": ["disclosed", "not_ai"],
}
_SCANNED = ("aiqyn", "scan", "archive", "photos", "--store", "audit", "--context", "published.csv")


@dataclass
class Machine:
    """The folder, as it was prepared; ``fresh`` makes it so again.

    Attributes:
        root: The folder.
        names: What stands in commands for what is made anew each time, and its name here.
    """

    root: Path
    names: dict[str, str] = field(default_factory=dict)

    def here(self, word: str) -> str:
        """A word of a command, as it is to be typed here."""
        for told, name in self.names.items():
            word = word.replace(told, name)
        return f"{self.root}{word}" if word.startswith("/") else word

    def fresh(self, page: str) -> None:
        """As it was prepared, with the YAML that a page shows under a name."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self._kept, self.root, symlinks=True)
        for block in blocks(page):
            name = block.text.partition("\n")[0]
            if block.language == "yaml" and name.startswith("# ") and name.endswith(".yaml"):
                (self.root / name.removeprefix("# ")).write_text(block.text, "utf-8")

    def keep(self) -> None:
        """What is there now is what ``fresh`` makes."""
        shutil.copytree(self.root, self._kept, symlinks=True)

    @property
    def _kept(self) -> Path:
        return self.root.with_name("kept")


def prepared(root: Path, sample: Path) -> Machine:
    """The folder with an archive, its store with a scan and decisions, and all files that commands name.

    Args:
        root: Where to make it.
        sample: The sample archive.
    """
    machine = Machine(root)
    for folder in ("archive/new", "photos", "etc/aiqyn", "shared"):
        (root / folder).mkdir(parents=True)
    archive = root / "archive"
    for name, path in ARCHIVE.items():
        shutil.copy2(sample / path, archive / name)
    shutil.copy2(archive / "label.jpg", archive / "new")
    video(root / "film.mp4", seconds=0.2)
    shutil.copy2(root / "film.mp4", archive)
    with zipfile.ZipFile(archive / "album.zip", "w") as album:
        album.writestr("winter/cat.jpg", jpeg(photograph("cat", 240)))
    for name, path in BESIDE.items():
        shutil.copy2(archive / path, root / name)
    shutil.copy2(archive / "portrait.jpg", root / "photos")
    (root / "photos" / "portrait.txt").write_text("Создано с помощью ИИ\n", "utf-8")
    (root / "published.csv").write_text("uri,publisher,title\nphotos/portrait.jpg,Qala TV,Portrait\n", "utf-8")
    scan_file = (ROOT / "examples" / "scan.yaml").read_text("utf-8")
    for told, here in (("  - archive ", "  - ../../archive "), ("store: store", "store: ../../audit")):
        assert told in scan_file
        scan_file = scan_file.replace(told, here)
    (root / "etc" / "aiqyn" / "scan.yaml").write_text(scan_file, "utf-8")
    for name in ("C2PA-TRUST-LIST.pem", "C2PA-TSA-TRUST-LIST.pem", "newsroom.pem"):
        (root / name).write_text(c2pa_corpus.chain(name.removesuffix(".pem")).root, "utf-8")
    _label_pictures(root)
    done = type_in(_SCANNED, root)
    assert done.returncode == 0, done.stdout
    contents = {path.name: sha256(path.read_bytes()).hexdigest() for path in archive.iterdir() if path.is_file()}
    store = Store.open(root / "audit")
    for name, decisions in DECISIONS.items():
        for number, told in enumerate(decisions):
            record_reviews(store, [Review(contents[name], "kz", Decision(told), f"reviewer {number}")])
    ((scan_id,),) = rows(root / "audit", "SELECT scan_id FROM scans")
    machine.names |= {
        "1f3a90c27e44": contents["film.mp4"][:12],
        "526789e2": contents["portrait.jpg"][:8],
        "2f5ecce38f48e2cc69664e551133a8606e5ec9a073ef2242bdfcf1191bcadd8b": contents["label.jpg"],
        "20261126T201512-1a2b3c4d": scan_id,
        "20261127T124004-bddb1d7a": scan_id,
        "$i": "1",
        "ARCHIVE": "archive/new",
        "STORE": "audit",
        "DETECTOR": "aiqyn-lite",
        "examples/store": "audit",
        "examples/": "",
        "MANIFEST": "manifest.csv",
    }
    machine.keep()
    return machine


def _label_pictures(root: Path) -> None:
    """Two manifests of labelled pictures: as few as one can train on, and in a detector's scope at half their size."""
    drawn = {f"drawn {seed}": generated_picture(seed, (340, 340)) for seed in range(3)}
    taken = {name: photograph(name, 480) for name in ("coffee", "cat", "rocket", "astronaut")}
    sources = [*(("ai", *one) for one in drawn.items()), *(("real", *one) for one in taken.items())]
    for folder, splits in (
        (root, {"train": ["drawn 0", "drawn 1", "coffee", "cat"], "dev": ["drawn 2", "rocket"]}),
        (root / "photographs", {"train": ["astronaut"]}),
    ):
        listed = []
        for split, names in splits.items():
            for label, name, picture in sources:
                if name in names:
                    path = folder / "labelled" / f"{name}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    picture.save(path)
                    listed.append((str(path.relative_to(folder)), split, label, name))
        pd.DataFrame(listed, columns=["path", "split", "label", "source"]).to_csv(folder / "manifest.csv", index=False)


def fill_buckets(server: S3Server, archive: Path) -> None:
    """What commands name on S3."""
    for name, files in BUCKETS.items():
        server.client.create_bucket(Bucket=name)
        for key in files:
            Bucket(server.client, name).put(key, (archive / Path(key).name).read_bytes())
