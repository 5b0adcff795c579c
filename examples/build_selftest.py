"""Makes the samples that ``aiqyn doctor`` decodes where no encoder is installed with the core.

    python examples/build_selftest.py

Run it by hand when a sample changes; the files are part of the project and travel in its wheel.
"""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
MEMBER: Final = b"A member of an archive.\n"
sys.path.insert(0, str(ROOT))  # run as a script, its own folder is first, and the project is not there

import libarchive  # noqa: E402

import configs  # noqa: E402
from examples.media.heif import heic  # noqa: E402
from examples.media.pictures import generated_picture  # noqa: E402
from examples.media.videos import video  # noqa: E402

SIZE: Final = (160, 96)
VIDEOS: Final = {
    "h264.mp4": "libx264",
    "hevc.mp4": "libx265",
    "vp9.webm": "libvpx-vp9",
    "av1.mp4": "libsvtav1",
}
ARCHIVES: Final = {"solid.7z": "7zip", "packed.tar": "ustar", "stored.zip": "zip"}


def main() -> None:
    """Writes every sample, pictures of 160 × 96 pixels."""
    folder = configs.ROOT / "selftest"
    folder.mkdir(exist_ok=True)
    for name, codec in VIDEOS.items():
        video(folder / name, codec=codec, seconds=0.4, size=SIZE)
    (folder / "picture.heic").write_bytes(heic(generated_picture(1, SIZE)))
    (folder / "archives").mkdir(exist_ok=True)
    for name, form in ARCHIVES.items():
        with libarchive.file_writer(str(folder / "archives" / name), form) as archive:
            archive.add_file_from_memory("member.txt", len(MEMBER), MEMBER)
    for path in sorted(folder.rglob("*.*")):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
