import struct
import tracemalloc

import numpy as np
import pytest
from examine_samples import PICTURES, corners, picture_bytes, saved
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageOps

from examples.media import broken, heif, pictures
from transforms.examine import pictures as subject
from transforms.examine.frames import MediaError
from transforms.examine.settings import Limits, Sampling
from transforms.outcomes import Reason

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
PICTURE = pictures.generated_picture(1, (64, 48))
BROKEN_REASONS = {Reason.TRUNCATED, Reason.CORRUPT}


def examine(data, media_type, frames=16, limits=None):
    image, facts = subject.open_picture(data, media_type, limits or Limits())
    return list(subject.sample_picture(image, facts, Sampling(frames), limits or Limits())), facts


def pixels_of(data, media_type):
    (frame, *_), _ = examine(data, media_type)
    assert frame.rgb.dtype == np.uint8
    return frame.rgb


def reason_of(data, media_type, **options):
    with pytest.raises(MediaError) as caught:
        examine(data, media_type, **options)
    assert caught.value.detail
    return caught.value.reason


def flag():
    """64 × 32: red, green, blue and white quarters from the top left on."""
    rgb = np.zeros((32, 64, 3), np.uint8)
    rgb[:16, :32], rgb[:16, 32:], rgb[16:, :32], rgb[16:, 32:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(rgb)


# Formats


@pytest.mark.parametrize("name", PICTURES)
def test_every_format_is_decoded(name):
    media_type = PICTURES[name][0]
    frames, facts = examine(picture_bytes(name), media_type)
    assert (facts.width, facts.height) == (64, 48)
    assert frames[0].rgb.shape == (48, 64, 3)
    assert len(frames) == (5 if name.startswith("moving") else 2 if name == "pages" else 1)
    assert facts.notes == []


LOSSLESS = ["png", "lossless webp", "bmp", "tiff", "deflate tiff", "plain tiff", "big tiff", "jpeg 2000"]


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_give_the_pixels_that_went_in(name):
    assert np.array_equal(pixels_of(picture_bytes(name), PICTURES[name][0]), np.asarray(PICTURE))


@pytest.mark.parametrize("name", ["jpeg", "progressive jpeg", "mpo", "webp", "avif", "heic", "jpeg tiff", "cmyk jpeg"])
def test_lossy_formats_give_nearly_the_pixels_that_went_in(name):
    found = pixels_of(picture_bytes(name), PICTURES[name][0]).astype(int)
    assert np.abs(found - np.asarray(PICTURE)).mean() < 12


def test_an_mpo_gives_its_first_picture():
    found = pixels_of(picture_bytes("mpo"), "image/jpeg").astype(int)
    turned = np.asarray(PICTURE.rotate(180))
    assert np.abs(found - np.asarray(PICTURE)).mean() * 3 < np.abs(found - turned).mean()


@pytest.mark.parametrize("media_type", ["image/jxl", "image/vnd.adobe.photoshop"])
def test_a_format_without_decoder_says_so(media_type):
    assert reason_of(b"", media_type) is Reason.UNSUPPORTED_FORMAT


def test_heic_without_its_extra_says_so(monkeypatch):
    monkeypatch.setattr(subject, "HEIC_AVAILABLE", False)
    assert reason_of(picture_bytes("heic"), "image/heic") is Reason.DECODER_MISSING


# The right way up


def lying(upright, orientation):
    """The picture as stored where ``orientation`` sets it right."""
    transpose = Image.Transpose
    undo = {
        2: transpose.FLIP_LEFT_RIGHT,
        3: transpose.ROTATE_180,
        4: transpose.FLIP_TOP_BOTTOM,
        5: transpose.TRANSPOSE,
        6: transpose.ROTATE_90,
        7: transpose.TRANSVERSE,
        8: transpose.ROTATE_270,
    }
    return upright.transpose(undo[orientation]) if orientation in undo else upright


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_orientation_sets_pixels_upright(picture_format, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = saved(lying(flag(), orientation), picture_format, exif=exif)
    (frame,), facts = examine(data, f"image/{picture_format.lower()}")
    assert corners(frame.rgb) == [RED, GREEN, BLUE, WHITE]
    assert (facts.width, facts.height) == (64, 32)


@pytest.mark.parametrize("quarter_turns", range(4))
def test_a_heic_is_turned_as_it_says(quarter_turns):
    stored = flag().rotate(-90 * quarter_turns, expand=True)
    (frame,), facts = examine(heif.heic(stored, quarter_turns=quarter_turns), "image/heic")
    assert corners(frame.rgb) == [RED, GREEN, BLUE, WHITE]
    assert (facts.width, facts.height) == (64, 32)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_turns_nothing(orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert corners(pixels_of(saved(flag(), "JPEG", exif=exif), "image/jpeg")) == [RED, GREEN, BLUE, WHITE]


def test_broken_exif_data_costs_a_note_and_not_the_picture():
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\xff\xff\xff\x7f"
    (frame,), facts = examine(saved(flag(), "JPEG", exif=exif[:20]), "image/jpeg")
    assert corners(frame.rgb) == [RED, GREEN, BLUE, WHITE]
    assert {note.status for note in facts.notes} <= {"exif_ignored"}


def test_exif_reading_that_raises_costs_a_note(monkeypatch):
    def fail(self):
        raise struct.error("unpack requires a buffer of 4 bytes")

    monkeypatch.setattr(Image.Image, "getexif", fail)
    (frame,), facts = examine(saved(flag(), "JPEG"), "image/jpeg")
    assert corners(frame.rgb) == [RED, GREEN, BLUE, WHITE]
    assert [note.status for note in facts.notes] == ["exif_ignored"]
    assert "error" in facts.notes[0].detail


# Colours


def test_a_colour_profile_is_applied():
    plain = pixels_of(pictures.jpeg(flag()), "image/jpeg")
    swapped = pixels_of(pictures.jpeg(flag(), icc=pictures.icc_profile()), "image/jpeg")
    assert corners(plain)[0] == RED
    assert corners(swapped)[0] == BLUE


@pytest.mark.parametrize("profile", [b"no profile at all", pictures.icc_profile()[:200], bytes(500)])
def test_a_broken_profile_costs_a_note_and_not_the_picture(profile):
    (frame,), facts = examine(saved(flag(), "PNG", icc_profile=profile), "image/png")
    assert corners(frame.rgb) == [RED, GREEN, BLUE, WHITE]
    assert [note.status for note in facts.notes] == ["icc_profile_ignored"]


def test_a_profile_for_other_channels_costs_a_note():
    (frame,), facts = examine(saved(flag().convert("L"), "PNG", icc_profile=pictures.icc_profile()), "image/png")
    assert frame.rgb.shape == (32, 64, 3)
    assert [note.status for note in facts.notes] == ["icc_profile_ignored"]


def test_a_broken_profile_of_an_animation_is_noted_once():
    seconds = [pictures.generated_picture(seed, (32, 32)) for seed in range(4)]
    data = saved(seconds[0], "WEBP", save_all=True, append_images=seconds[1:], icc_profile=b"none", lossless=True)
    frames, facts = examine(data, "image/webp")
    assert len(frames) == 4
    assert len(facts.notes) == 1


RAMP = np.tile(np.arange(256, dtype=np.uint16), (8, 1))
CODES = np.tile(np.arange(256, dtype=np.uint8), (8, 1))


@pytest.mark.parametrize(
    ("image", "picture_format", "grey"),
    [
        (Image.fromarray(RAMP * 257), "PNG", CODES),
        (Image.fromarray(RAMP * 257), "TIFF", CODES),
        (Image.fromarray((RAMP * 257).astype(">u2")), "TIFF", CODES),
        (Image.fromarray(RAMP.astype(np.float32) / 255), "TIFF", CODES),
        (Image.fromarray(RAMP.astype(np.float32) * 40 - 1000), "TIFF", CODES),
        (Image.fromarray(RAMP.astype(np.int32) * 257), "TIFF", CODES),
        (Image.fromarray(CODES), "PNG", CODES),
        (Image.fromarray(CODES), "TIFF", CODES),
        (Image.fromarray(CODES > 127), "PNG", (CODES > 127) * 255),
        (Image.fromarray(CODES > 127), "TIFF", (CODES > 127) * 255),
    ],
    ids=["16-bit png", "16-bit tiff", "big-endian", "float", "wide float", "32-bit", "8-bit", "8-bit tiff", "1", "1t"],
)
def test_greys_of_any_depth_keep_their_brightness(image, picture_format, grey):
    found = pixels_of(saved(image, picture_format), f"image/{picture_format.lower()}")
    assert np.abs(found.astype(int) - np.asarray(grey)[..., None]).max() <= 1


def test_a_float_picture_without_numbers_is_a_picture():
    nothing = Image.fromarray(np.full((8, 8), np.nan, np.float32))
    assert (pixels_of(saved(nothing, "TIFF"), "image/tiff") == 0).all()


def test_16_bits_a_channel_keep_their_colours():
    found = pixels_of(pictures.deep_png(flag()), "image/png")
    assert corners(found) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "P", "LAB", "RGBX"])
def test_colour_models_become_srgb(mode):
    if mode == "LAB":
        image = ImageCms.profileToProfile(
            flag(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        image = flag().convert(mode)
    assert corners(pixels_of(saved(image, "TIFF"), "image/tiff")) == [RED, GREEN, BLUE, WHITE]


def see_through(mode):
    """Black, opaque on the left and gone on the right."""
    alpha = Image.fromarray(np.where(np.arange(64) < 32, 255, 0).astype(np.uint8)[None].repeat(32, 0))
    image = Image.new(mode, (64, 32))
    image.putalpha(alpha)
    return image


@pytest.mark.parametrize(
    ("image", "picture_format", "options"),
    [
        (see_through("LA"), "PNG", {}),
        (see_through("RGBA"), "PNG", {}),
        (see_through("RGBA"), "WEBP", {"lossless": True}),
        (see_through("RGBA"), "AVIF", {}),
        (see_through("RGBA"), "TIFF", {}),
        (see_through("LA"), "TIFF", {}),
        (see_through("RGBA").convert("RGB"), "PNG", {}),
    ],
    ids=["LA", "RGBA", "WebP", "AVIF", "TIFF", "TIFF LA", "opaque"],
)
def test_what_is_see_through_lies_over_white(image, picture_format, options):
    found = corners(pixels_of(saved(image, picture_format, **options), f"image/{picture_format.lower()}"))
    black = (0, 0, 0)
    assert found == ([black] * 4 if image.mode == "RGB" else [black, WHITE, black, WHITE])


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_see_through_colour_lies_over_white(mode):
    image = Image.fromarray(np.where(np.arange(64) < 32, 255, 0).astype(np.uint8)[None].repeat(32, 0)).convert(mode)
    hidden = image.getpixel((0, 0))
    found = pixels_of(saved(image, "PNG", transparency=hidden), "image/png")
    assert (found[:, :32] == 255).all()
    assert (found[:, 32:] == 0).all()


# Animations and pages


def shades(count):
    return [Image.new("RGB", (32, 32), (step * 12, 255 - step * 12, 90)) for step in range(count)]


def shade_of(frame):
    return round(float(frame.rgb[..., 0].mean()) / 12)


@pytest.mark.parametrize("picture_format", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("budget", [1, 2, 5, 30])
def test_an_animation_is_sampled_at_the_times_of_its_frames(picture_format, budget):
    durations = [100 + 10 * (step % 5) for step in range(20)]
    starts = [sum(durations[:step]) for step in range(20)]
    first, *others = shades(20)
    options = {"save_all": True, "append_images": others, "duration": durations}
    data = saved(first, picture_format, **options)
    frames, facts = examine(data, f"image/{picture_format.lower()}", budget)
    chosen = [shade_of(frame) for frame in frames]
    assert len(chosen) == min(budget, 20)
    assert chosen[0] == 0
    assert budget == 1 or chosen[-1] == 19
    assert [frame.timestamp_ms for frame in frames] == [starts[number] for number in chosen]
    assert facts.duration_ms == sum(durations)
    assert facts.frame_count == 20


def test_frame_times_of_odd_rates_are_exact_to_a_microsecond():
    first, *others = shades(9)
    data = bytearray(saved(first, "PNG", save_all=True, append_images=others, duration=40))
    start = -1
    while (start := data.find(b"fcTL", start + 1)) > 0:  # 1001/30000 s each, which no count of milliseconds is
        data[start + 24 : start + 28] = struct.pack(">HH", 1001, 30000)
        body = bytes(data[start : start + 30])
        data[start + 30 : start + 34] = struct.pack(">I", __import__("zlib").crc32(body))
    frames, _ = examine(bytes(data), "image/png")
    assert [frame.timestamp_ms for frame in frames] == [round(step * 1001 / 30, 3) for step in range(9)]


def test_a_still_has_no_time():
    (frame,), facts = examine(picture_bytes("gif"), "image/gif")
    assert (frame.timestamp_ms, facts.duration_ms) == (None, None)


def test_pages_may_differ_in_size_and_have_no_time():
    sizes = [(40, 30), (10, 50), (64, 64)]
    data = pictures.tiff(*(pictures.generated_picture(seed, size) for seed, size in enumerate(sizes)))
    frames, facts = examine(data, "image/tiff")
    assert [frame.rgb.shape[1::-1] for frame in frames] == sizes
    assert {frame.timestamp_ms for frame in frames} == {None}
    assert (facts.width, facts.height, facts.duration_ms) == (40, 30, None)


def test_pages_over_the_budget_are_left_out():
    data = pictures.tiff(*(pictures.generated_picture(seed, (16 + seed, 16)) for seed in range(9)))
    frames, _ = examine(data, "image/tiff", 3)
    assert [frame.rgb.shape[1] for frame in frames] == [16, 20, 24]


def test_each_page_has_its_own_way_up():
    pages = []
    for orientation in (1, 6, 3):
        page = lying(flag(), orientation)
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        page.encoderinfo = {"exif": exif}
        pages.append(page)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 1
    frames, _ = examine(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], exif=exif), "image/tiff")
    assert [corners(frame.rgb) for frame in frames] == [[RED, GREEN, BLUE, WHITE]] * 3


def test_a_page_over_the_pixel_limit_leaves_the_pages_before_it():
    data = pictures.tiff(flag(), flag().resize((200, 100)))
    image, facts = subject.open_picture(data, "image/tiff", Limits(pixels=10_000))
    frames = subject.sample_picture(image, facts, Sampling(16), Limits(pixels=10_000))
    assert next(frames).rgb.shape == (32, 64, 3)
    with pytest.raises(MediaError) as caught:
        next(frames)
    assert caught.value.reason is Reason.OVER_PIXEL_LIMIT


# When it was taken


@pytest.mark.parametrize(
    ("taken", "offset", "captured_at"),
    [
        ("2024:03:21 12:30:45", None, "2024-03-21T12:30:45"),
        ("2024:03:21 12:30:45", "+05:00", "2024-03-21T12:30:45+05:00"),
        ("2024:03:21 12:30:45", "-03:30", "2024-03-21T12:30:45-03:30"),
        ("2024:03:21 12:30:45", "     ", "2024-03-21T12:30:45"),
        ("2024:03:21 12:30:45", "noon", "2024-03-21T12:30:45"),
        ("0000:00:00 00:00:00", "+05:00", None),
        ("    :  :     :  :  ", None, None),
        ("yesterday, at about noon", None, None),
        (None, "+05:00", None),
    ],
)
@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_capture_time_is_a_time_or_nothing(picture_format, taken, offset, captured_at):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Dala"
    details = {}
    if taken is not None:
        details[ExifTags.Base.DateTimeOriginal] = taken
    if offset is not None:
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    exif[ExifTags.IFD.Exif] = details
    _, facts = examine(saved(flag(), picture_format, exif=exif.tobytes()), f"image/{picture_format.lower()}")
    assert facts.captured_at == captured_at


# Traps


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (broken.huge_png(), "image/png"),
        (broken.huge_jpeg(pictures.jpeg(PICTURE)), "image/jpeg"),
        (broken.huge_gif(pictures.gif(PICTURE)), "image/gif"),
        (broken.huge_bmp(pictures.bmp(PICTURE)), "image/bmp"),
    ],
    ids=["png", "jpeg", "gif", "bmp"],
)
def test_a_claim_of_too_many_pixels_is_refused_before_any_is_decoded(data, media_type):
    tracemalloc.start()
    try:
        assert reason_of(data, media_type) is Reason.OVER_PIXEL_LIMIT
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", PICTURES)
def test_the_pixel_limit_holds_in_every_format(name):
    assert reason_of(picture_bytes(name), PICTURES[name][0], limits=Limits(pixels=3000)) is Reason.OVER_PIXEL_LIMIT


@pytest.mark.parametrize("size", [(1, 65535), (65535, 1), (1, 1)])
def test_extreme_shapes_are_pictures(size):
    assert pixels_of(pictures.png(Image.new("RGB", size, "red")), "image/png").shape == (size[1], size[0], 3)


# Damage


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.6, 0.8, 0.97])
def test_a_cut_picture_never_counts_as_examined(name, share):
    if name == "mpo" and share > 0.5:
        pytest.skip("the first picture, the one that is examined, is whole")
    assert reason_of(broken.first_part(picture_bytes(name), share), PICTURES[name][0]) in BROKEN_REASONS


@pytest.mark.parametrize("name", ["jpeg", "progressive jpeg", "png", "bmp", "heic", "avif", "plain tiff"])
def test_decoders_that_tell_truncation_apart_are_believed(name):
    assert reason_of(broken.first_part(picture_bytes(name), 0.9), PICTURES[name][0]) is Reason.TRUNCATED


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (broken.stray_marker(pictures.jpeg(PICTURE.resize((320, 240)))), "image/jpeg"),
        (broken.bad_header_checksum(pictures.png(PICTURE)), "image/png"),
        (broken.flipped_bits(pictures.png(PICTURE)), "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "image/jpeg"),
        (b"GIF89a" + bytes(200), "image/gif"),
        (b"II*\0" + b"\xff" * 200, "image/tiff"),
        (b"RIFF\xff\0\0\0WEBPVP8 " + bytes(200), "image/webp"),
    ],
    ids=["stray marker", "header checksum", "flipped bits", "jpeg", "gif", "tiff", "webp"],
)
def test_damage_is_told(data, media_type):
    assert reason_of(data, media_type) in BROKEN_REASONS


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        # Decodes to some grey stripes.
        (broken.zeroed_middle(pictures.jpeg(PICTURE.resize((320, 240)))), "image/jpeg"),
        # Cut in its second picture, which is not looked at.
        (broken.first_part(picture_bytes("mpo"), 0.9), "image/jpeg"),
        # Cut right between two frames: nothing in the file says how many there were.
        (picture_bytes("moving gif")[: picture_bytes("moving gif").rindex(b"\x21\xf9\x04")], "image/gif"),
    ],
    ids=["blanked middle", "second of an MPO", "between frames of a GIF"],
)
def test_damage_that_no_decoder_sees_is_known(data, media_type):
    frames, _ = examine(data, media_type)
    assert frames


def test_a_damaged_page_leaves_the_pages_before_it():
    data = bytearray(pictures.tiff(flag(), pictures.generated_picture(3, (300, 300))))
    middle = len(data) * 2 // 3
    data[middle : middle + 4000] = b"\xff" * 4000
    image, facts = subject.open_picture(bytes(data), "image/tiff", Limits())
    frames = subject.sample_picture(image, facts, Sampling(16), Limits())
    assert corners(next(frames).rgb) == [RED, GREEN, BLUE, WHITE]
    with pytest.raises(MediaError) as caught:
        next(frames)
    assert caught.value.reason in BROKEN_REASONS


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("image file is truncated (12 bytes not processed)"), Reason.TRUNCATED),
        (EOFError("no more images in GIF file"), Reason.TRUNCATED),
        (OSError("out of memory when reading image file"), Reason.OUT_OF_MEMORY),
        (OSError("broken data stream when reading image file"), Reason.CORRUPT),
        (SyntaxError("broken PNG file"), Reason.CORRUPT),
        (struct.error("unpack requires a buffer of 2 bytes"), Reason.CORRUPT),
        (KeyError("MPO"), Reason.CORRUPT),
        (TypeError("Missing dimensions"), Reason.CORRUPT),
        (RecursionError(), Reason.CORRUPT),
    ],
)
def test_whatever_a_decoder_raises_becomes_a_reason(monkeypatch, error, reason):
    def fail(self):
        raise error

    image, facts = subject.open_picture(picture_bytes("bmp"), "image/bmp", Limits())
    monkeypatch.setattr(type(image), "load", fail)
    with pytest.raises(MediaError) as caught:
        list(subject.sample_picture(image, facts, Sampling(16), Limits()))
    assert caught.value.reason is reason
    if not isinstance(error, (OSError, SyntaxError)):
        assert type(error).__name__ in caught.value.detail


def test_want_of_memory_is_not_taken_for_damage(monkeypatch):
    image, facts = subject.open_picture(picture_bytes("bmp"), "image/bmp", Limits())
    monkeypatch.setattr(ImageOps, "exif_transpose", None)  # nothing of ours may call it: it trips over broken EXIF data
    monkeypatch.setattr(Image.Image, "convert", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryError):
        list(subject.sample_picture(image, facts, Sampling(16), Limits()))


@settings(max_examples=400, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_damage_raises_anything_but_a_reason(data):
    name = data.draw(st.sampled_from(sorted(PICTURES)))
    whole = picture_bytes(name)
    damaged = bytearray(whole[: data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))])
    places = st.one_of(st.integers(0, 120), st.integers(0, max(0, len(damaged) - 1)))
    for at, patch in data.draw(st.lists(st.tuples(places, st.binary(min_size=1, max_size=8)), max_size=5)):
        damaged[at : at + len(patch)] = patch
    limits = Limits(pixels=1_000_000)
    try:
        frames, _ = examine(bytes(damaged), PICTURES[name][0], limits=limits)
    except (MediaError, MemoryError) as error:
        told = str(error)
    else:
        told = ""
        assert len(frames) <= 16
        assert all(frame.rgb.ndim == 3 for frame in frames)
    assert "object at 0x" not in told  # no addresses: details are the same on every run


def test_a_dng_is_no_picture_to_look_at():
    dng = saved(PICTURE, "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    assert reason_of(dng, "image/tiff") is Reason.UNSUPPORTED_FORMAT
