"""`docs/own-detector.md` does what it says: its code blocks are run as they stand, on pictures made here."""

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.detector.cli import app
from transforms.detect.package import DetectorError, load_package
from transforms.detect.scoring import load_network

PAGE = (Path(__file__).parents[3] / "docs" / "own-detector.md").read_text("utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
COMMANDS = [shlex.split(line)[2:] for line in SHELL if line.startswith("aiqyn detector ")]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A labelled folder of smooth and of grainy pictures: enough for the claims, small enough to be quick."""
    rng = np.random.default_rng(0)
    for label, source, count in (("ai", "one", 70), ("ai", "two", 70), ("real", "phone", 330), ("real", "studio", 330)):
        folder = tmp_path / "labelled" / label / source
        folder.mkdir(parents=True)
        for i in range(count):
            ground = cv2.resize(rng.uniform(60, 190, (6, 6, 3)), (140, 140), interpolation=cv2.INTER_CUBIC)
            grain = rng.normal(0, 30 if label == "real" else 4, (140, 140, 3))
            picture = np.clip(ground + grain, 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / f"{i}.png"), picture)
    (tmp_path / "archive").mkdir()
    cv2.imwrite(str(tmp_path / "archive" / "a.png"), picture)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_leads_to_a_calibrated_package(place, monkeypatch, capsys):
    torch.manual_seed(0)
    code = PYTHON[0].replace("torch.rand(2, 3, 64, 64)", "torch.rand(2, 3, 64, 64)\nteach(network)")
    exec(compile(code, "own-detector.md", "exec"), {"teach": teach})  # noqa: S102 - the page's own code
    runner = CliRunner()
    assert [command[0] for command in COMMANDS] == ["manifest", "pack", "calibrate", "evaluate"]
    for command in COMMANDS:
        done = runner.invoke(app, command)
        assert done.exit_code == 0, (command, done.output)
        if command[0] == "pack":
            with pytest.raises(DetectorError, match="calibrate") as caught:
                load_package("uncalibrated")
            assert caught.value.code == "uncalibrated"
    package = load_package("own-detector")
    load_network(package)
    assert {p.level for p in package.config.operating_points} == {"elevated", "suspected"}
    assert all(p.false_alarm_rate <= p.target_false_alarm_rate and p.n >= 299 for p in package.config.operating_points)
    card = (place / "own-detector" / "CARD.md").read_text("utf-8")
    assert "phone" in card
    assert "chosen" in card
    assert (place / "report.html").stat().st_size > 1000
    scan = next(shlex.split(line) for line in SHELL if line.startswith("aiqyn scan"))
    monkeypatch.setattr("sys.argv", scan)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0, capsys.readouterr()


def teach(network):
    """Weights that look at grain: the page stands for a network that was trained."""
    with torch.no_grad():
        weight = network[0].weight
        weight.zero_()
        weight[0, :, 1, 1], weight[0, :, 1, 2] = 1.0, -1.0
        network[0].bias.zero_()
        network[4].weight.zero_()
        network[4].weight[0, 0] = -4.0
        network[4].bias.fill_(1.0)
