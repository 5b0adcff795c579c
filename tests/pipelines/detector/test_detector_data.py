import pandas as pd
import pytest

from pipelines.detector.data import draw_shares, held_out_folds, load_rgb, read_manifest, trainable
from transforms.detect.package import DetectorError


def manifest_of(counts):
    rows = [
        (f"{source}{i}.jpg", "train", label, source, "", "CC0-1.0", "yes", False)
        for (label, source), n in counts.items()
        for i in range(n)
    ]
    columns = ["path", "split", "label", "source", "generator", "licence", "may_ship_weights", "is_video"]
    return pd.DataFrame(rows, columns=columns)


PROJECT = {
    (1, "sd3_portraits"): 150,
    (1, "gpt4o"): 95,
    (1, "sd15_studies"): 250,
    (1, "swarmui_models"): 59,
    (1, "sdnext_models"): 66,
    (1, "mflux"): 28,
    (0, "portraits"): 293,
    (0, "objects"): 154,
    (0, "codrops_unsplash"): 43,
    (0, "budgie"): 14,
    (0, "elementary_cc0"): 5,
}


def test_only_shippable_pictures_of_the_train_split_are_trained_on(rows):
    chosen = trainable(rows)
    assert set(chosen["source"]) == {"smooth", "soft", "grainy", "noisy"}
    assert set(chosen["split"]) == {"train"}
    assert set(chosen["may_ship_weights"]) == {"yes"}
    assert not chosen["is_video"].any()


def test_shares_balance_classes_and_hold_style_back():
    rows = manifest_of(PROJECT)
    shares = pd.Series(draw_shares(rows)).groupby([rows["label"], rows["source"]]).sum()
    assert shares.sum() == pytest.approx(1.0)
    assert shares[1].sum() == pytest.approx(0.5)
    assert shares[(1, "sd15_studies")] < shares[(1, "mflux")]
    assert shares[(1, "swarmui_models")] < shares[(1, "mflux")]
    assert shares[(0, "objects")] < shares[(0, "portraits")] < 2 * shares[(0, "objects")]


def test_every_source_is_held_out_once_and_low_weight_never_alone():
    folds = held_out_folds(manifest_of(PROJECT))
    held = [source for fold in folds for source in (*fold.ai, *fold.real)]
    assert sorted(held) == sorted(source for _, source in PROJECT)
    for fold in folds:
        assert fold.real
        assert set(fold.ai) - {"sd15_studies", "swarmui_models"}


def test_folds_of_two_small_sources():
    folds = held_out_folds(manifest_of({(1, "a"): 3, (1, "b"): 2, (0, "c"): 3, (0, "d"): 2}))
    assert [(fold.ai, fold.real) for fold in folds] == [(("a",), ("c",)), (("b",), ("d",))]


@pytest.mark.parametrize(
    "counts", [{(1, "a"): 9, (0, "c"): 3, (0, "d"): 3}, {(1, "a"): 3, (1, "b"): 3, (0, "c"): 9}, {}]
)
def test_one_source_a_class_is_not_enough(counts):
    with pytest.raises(DetectorError, match="two AI and two real") as caught:
        trainable(manifest_of(counts))
    assert caught.value.code == "too_few_sources"


@pytest.mark.parametrize("text", ["", "path,label\na.jpg,ai\n", "\x00\x00"])
def test_a_manifest_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "manifest.csv").write_text(text, "utf-8")
    with pytest.raises(DetectorError) as caught:
        read_manifest(tmp_path / "manifest.csv")
    assert caught.value.code == "invalid_manifest"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_four_columns_are_enough(tmp_path, suffix):
    path = tmp_path / f"manifest.{suffix}"
    own = pd.DataFrame(
        {
            "path": ["a.jpg", "b.MP4"],
            "label": ["ai", "real"],
            "source": ["x", "7"],
            "split": ["dev", "dev"],
            "note": [1, 2],
        }
    )
    own.to_csv(path, index=False) if suffix == "csv" else own.set_index("path").to_parquet(path)
    rows = read_manifest(path)
    assert rows.to_dict("records") == [
        {
            "path": str(tmp_path / name),
            "split": "dev",
            "label": label,
            "source": source,
            "generator": "",
            "licence": "not stated",
            "may_ship_weights": "yes",
            "is_video": video,
        }
        for name, label, source, video in (("a.jpg", 1, "x", False), ("b.MP4", 0, "7", True))
    ]


def test_what_a_parquet_manifest_leaves_empty_is_empty(tmp_path):
    path = tmp_path / "manifest"
    own = {"path": ["a.jpg"], "label": ["ai"], "source": ["x"], "split": ["dev"], "generator": [None]}
    pd.DataFrame(own).astype({"label": "category"}).to_parquet(path)
    assert read_manifest(path)["generator"].tolist() == [""]
    pd.DataFrame(own | {"source": [None]}).to_parquet(path)
    with pytest.raises(DetectorError, match="rows without source"):
        read_manifest(path)


@pytest.mark.parametrize("content", [b"PAR1 and no more", b"PAR1"])
def test_a_broken_parquet_manifest_is_refused(tmp_path, content):
    path = tmp_path / "manifest.parquet"
    path.write_bytes(content)
    with pytest.raises(DetectorError) as caught:
        read_manifest(path)
    assert caught.value.code == "invalid_manifest"


def test_unknown_labels_and_missing_manifests_are_refused(media):
    text = media.read_text("utf-8").replace(",real,", ",photo,")
    media.write_text(text, "utf-8")
    with pytest.raises(DetectorError, match="photo"):
        read_manifest(media)
    with pytest.raises(DetectorError, match=r"none\.csv"):
        read_manifest(media.with_name("none.csv"))


def test_a_broken_picture_is_not_silently_lost(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    for name in ("broken.jpg", "absent.jpg"):
        with pytest.raises(DetectorError, match=name) as caught:
            load_rgb(str(tmp_path / name))
        assert caught.value.code == "unreadable_picture"
