"""A small made-up set of predictions, so that figures and pages are tested without a network."""

from dataclasses import replace

import pandas as pd

import configs
from transforms.detect.package import Calibration, DetectorPackage, OperatingPoint, load_package

TREATMENTS = ("as_is", "jpeg75", "screenshot")
HOSTILE = '<script>top.pwned=1</script><img src=x onerror="top.pwned=1">"&\u202e\x1b' + "long" * 60


def package() -> DetectorPackage:
    """The shipped package with its own figures put away and thresholds that are easy to reckon with."""
    shipped = load_package(configs.DEFAULT_DETECTOR)
    points = [
        OperatingPoint(
            level=level,
            threshold=threshold,
            target_false_alarm_rate=target,
            false_alarm_rate=target,
            interval=(0.0, 1.0),
            n=100,
            measured_on="made up",
        )
        for level, threshold, target in (("elevated", 0.5, 0.05), ("suspected", 0.75, 0.01))
    ]
    calibration = Calibration(method="platt", scale=1.0, bias=0.0, fitted_on="made up")
    changes = {"name": "made-up", "version": "1.2.3", "skill": [], "abstention": None}
    changes |= {"calibration": calibration, "operating_points": points}
    return replace(shipped, config=shipped.config.model_copy(update=changes), digest="0" * 64)


def predictions(*, hostile: bool = False) -> pd.DataFrame:
    """Twenty AI pictures of two sources and three generators, thirty real ones, one of each not assessable."""
    rows = []
    for i in range(20):
        source, generator = ("old", "Old GAN") if i < 8 else ("new", "New diffusion" if i < 17 else "Rare")
        rows.append((f"ai{i}.jpg", 1, source, generator, (i * 7 % 20) / 5 - 1.5))
    for i in range(30):
        rows.append((f"real{i}.jpg", 0, "phones" if i < 18 else "cameras", "", (i * 11 % 30) / 8 - 2.9))
    found = pd.DataFrame(rows, columns=["path", "label", "source", "generator", "raw"])
    found.loc[[3, 33], "raw"] = float("nan")
    if hostile:
        found["source"] = found["source"].replace({"new": HOSTILE, "cameras": HOSTILE + "!"})
        found["generator"] = found["generator"].replace({"New diffusion": HOSTILE})
    return pd.concat(
        [found.assign(treatment=name, raw=found["raw"] - 0.3 * i) for i, name in enumerate(TREATMENTS)],
        ignore_index=True,
    )


def videos() -> pd.DataFrame:
    """Six AI videos and seven real ones, one of these not assessable."""
    rows = [(f"ai{i}.mp4", 1, "films", "New diffusion", (i * 5 % 6) / 4 - 0.5) for i in range(6)]
    rows += [(f"real{i}.mp4", 0, "phones", "", (i * 3 % 7) / 4 - 0.9) for i in range(7)]
    found = pd.DataFrame(rows, columns=["path", "label", "source", "generator", "raw"])
    found.loc[8, "raw"] = float("nan")
    treated = [found.assign(treatment=name, raw=found["raw"] - 0.2 * i) for i, name in enumerate(TREATMENTS[:2])]
    return pd.concat(treated, ignore_index=True)
