"""What `aiqyn detector evaluate` finds of a fusion: its members score, their sum is measured."""

from pipelines.detector.evaluate import predict
from pipelines.detector.fuse import FusionOrder, fuse_predictions, member_run
from pipelines.detector.record import Evaluation
from pipelines.detector.report import measure
from pipelines.detector.train import DEV, HELD_OUT, leave_one_source_out
from transforms.detect.device import CPU
from transforms.detect.package import EXPORTED, DetectorError, FusionPackage
from transforms.detect.scoring import load_network


def fused_split_report(fusion: FusionPackage, order: FusionOrder, split: str) -> Evaluation:
    """Measure a fusion on the pictures of one split; videos are left out.

    Args:
        fusion: Whose calibration and operating points are measured.
        order: Its members in its own order, the manifest and treatments.
        split: Such as `dev`.

    Raises:
        DetectorError: `empty_split` when the split lacks pictures of either class.
    """
    chosen = order.rows[order.rows["split"] == split]
    pictures = chosen[~chosen["is_video"]]
    if pictures["label"].nunique() < 2:
        raise DetectorError(
            "empty_split",
            f"split '{split}' needs AI and real pictures; it has {len(pictures)} of one class or none",
        )
    found = []
    for package in order.members:
        config = package.config
        device = CPU if config.architecture.name == EXPORTED else order.device
        network = load_network(package)
        found.append(predict(network, config.input, pictures, order.treatments, order.tick, config.scope, device))
    return measure(
        fuse_predictions(fusion.config.fuses, found),
        fusion,
        DEV if split == "dev" else f"{split}, final network",
        skipped_videos=int(chosen["is_video"].sum()),
        tick=order.tick,
        device=order.device,
    )


def fused_held_out_report(fusion: FusionPackage, order: FusionOrder) -> Evaluation:
    """Train the members' recipes again on each fold and measure their sum on the sources that were left out.

    Args:
        fusion: Whose weights, calibration and operating points are measured.
        order: Its members in its own order, the manifest, treatments and the work folder.

    Raises:
        DetectorError: What `fuse.member_run` raises.
    """
    runs = [member_run(order, package) for package in order.members]
    found = [leave_one_source_out(run) for run in runs]
    skipped = int(order.rows.loc[order.rows["split"] == "train", "is_video"].sum())
    return measure(
        fuse_predictions(fusion.config.fuses, found),
        fusion,
        HELD_OUT,
        skipped_videos=skipped,
        tick=order.tick,
        device=order.device,
    )
