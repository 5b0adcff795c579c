"""What a fusion makes of its members' answers, and of members that are not those it was measured with."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from transforms.conclude import Answers, fused
from transforms.detect.fusion import fuse, fuse_scores
from transforms.detect.package import (
    CONFIG_NAME,
    DetectorError,
    FusionConfig,
    FusionPackage,
    Member,
    check_digest,
    load_any,
    load_package,
)
from transforms.records import DetectorInfo, FrameScore

MEMBERS = [Member(name="a", digest="0" * 64, weight=0.5), Member(name="b", digest="1" * 64, weight=2.0)]
FLAT, TEXT = FrameScore(None, None, "flat"), FrameScore(None, None, "text_page")
BROKEN = FrameScore(None, "no memory")


@pytest.mark.parametrize(
    ("scores", "wanted"),
    [
        ([FrameScore(3.0), FrameScore(-1.0)], FrameScore(-0.5)),
        ([FLAT, FrameScore(1.0)], FLAT),
        ([FrameScore(1.0), TEXT], TEXT),
        ([FLAT, TEXT], FLAT),
        ([FrameScore(1.0), BROKEN], FrameScore(None, "b: no memory")),
        ([BROKEN, BROKEN], FrameScore(None, "a: no memory")),
        ([BROKEN, FLAT], FLAT),
        ([FrameScore(None), FrameScore(1.0)], FrameScore(None, "a: no score")),
    ],
    ids=["sum", "first out", "second out", "both out", "one failed", "both failed", "failed and out", "no answer"],
)
def test_a_part_of_the_sum_is_never_stated(scores, wanted) -> None:
    assert fuse_scores(MEMBERS, scores) == wanted


@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=6), st.randoms())
def test_the_order_of_members_changes_nothing(pairs, random) -> None:
    def total(chosen):
        members = [Member(name="a", digest="0" * 64, weight=weight) for weight, _ in chosen]
        return fuse(members, [raw for _, raw in chosen])

    shuffled = random.sample(pairs, len(pairs))
    assert total(shuffled) == total(pairs) == pytest.approx(sum(weight * raw for weight, raw in pairs), abs=1e-6)


def test_no_number_and_a_number_are_no_number() -> None:
    assert math.isnan(fuse(MEMBERS, [math.nan, 1.0]))


@pytest.fixture
def duo(tmp_path, tiny_package):
    """A fusion's package of two made-up members; returns its folder."""
    tiny = yaml.safe_load((tiny_package / CONFIG_NAME).read_text("utf-8"))
    network = ("architecture", "input", "scope", "weights", "self_test")
    fields = {name: value for name, value in tiny.items() if name not in network}
    fields |= {"name": "duo", "fuses": [member.model_dump() for member in MEMBERS]}
    folder = tmp_path / "duo"
    folder.mkdir()
    (folder / CONFIG_NAME).write_text(yaml.safe_dump(fields), "utf-8")
    return folder


def test_a_fusion_s_package_has_members_and_no_weights(duo) -> None:
    package = load_any(str(duo))
    assert isinstance(package, FusionPackage)
    assert package.config.fuses == MEMBERS


def test_where_a_network_is_needed_a_fusion_is_refused(duo) -> None:
    with pytest.raises(DetectorError, match="name a member: a, b") as caught:
        load_package(str(duo))
    assert caught.value.code == "is_fusion"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fuses", []),
        ("fuses", [MEMBERS[0].model_dump()]),
        ("fuses", [MEMBERS[0].model_dump()] * 2),
        ("fuses.0.name", "duo"),
        ("fuses.0.digest", "short"),
        ("fuses.0.weight", 0.0),
        ("fuses.0.weight", -1.0),
        ("fuses.0.weight", float("nan")),
        ("fuses.0.weight", 1e300),
        ("fuses.0.sign", 1),
        ("architecture", {"name": "compact"}),
        ("operating_points", []),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fusion_that_is_none_is_refused(duo, edit, path, value) -> None:
    edit(duo, path, value)
    with pytest.raises(DetectorError, match=path.split(".")[0]) as caught:
        load_any(str(duo))
    assert caught.value.code == "invalid_config"


def test_a_worker_with_another_package_of_that_name_refuses_it(duo) -> None:
    package = load_any(str(duo))
    check_digest(package, package.digest)
    with pytest.raises(DetectorError, match="same aiqyn and detector package") as caught:
        check_digest(package, "0" * 64)
    assert caught.value.code == "other_package"


def test_frames_and_the_faces_that_all_members_scored_are_added_up() -> None:
    config = FusionConfig.model_construct(fuses=MEMBERS)
    infos = [DetectorInfo(name, "1", "digest") for name in ("a", "b", "duo")]
    one = Answers(config, infos[0], [FrameScore(1.0), FLAT], {(0, 0): FrameScore(4.0), (0, 1): FrameScore(1.0)})
    two = Answers(config, infos[1], [FrameScore(2.0), FrameScore(3.0)], {(0, 0): BROKEN, (0, 1): FrameScore(1.0)})
    only_two = Answers(config, infos[1], two.frames, two.faces | {(1, 0): FrameScore(1.0)})
    for other in (two, only_two):
        found = fused(config, infos[2], [one, other])
        assert (found.config, found.info) == (config, infos[2])
        assert found.frames == [FrameScore(4.5), FLAT]
        assert found.faces == {(0, 0): FrameScore(None, "b: no memory"), (0, 1): FrameScore(2.5)}
