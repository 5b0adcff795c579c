"""A detector that answers 0 to every view: with it a scan decodes, cuts views and carries them, and scores nothing.

So `aiqyn scan` can stand beside loops that only decode. It still starts a model process, hashes files and commits rows.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

import configs
from pipelines.detector import packaging
from pipelines.detector.pack import Plan, pack
from transforms.detect.exported.wrapper import Contract
from transforms.detect.package import CONFIG_NAME, Calibration, OperatingPoint, load_package


class _Nothing(nn.Module):
    def forward(self, views: Tensor) -> Tensor:
        """One zero a view."""
        return views[:, 0, 0, 0].to(torch.float32) * 0.0


def no_network(folder: Path) -> Path:
    """Writes the package, with the input and the scope of the default detector, unless it is there."""
    if (folder / CONFIG_NAME).exists():
        return folder
    like = load_package(configs.DEFAULT_DETECTOR).config
    folder.parent.mkdir(parents=True, exist_ok=True)
    views = torch.zeros(2, like.input.size, like.input.size, 3, dtype=torch.uint8)
    count = torch.export.Dim("count", min=1)
    program = folder.with_suffix(".pt2")
    torch.export.save(torch.export.export(_Nothing().eval(), (views,), dynamic_shapes=({0: count},)), program)
    contract = Contract(input="uint8", output="logit")
    told = "1", "CC0-1.0", "Scores nothing; a benchmark decodes with it."
    config = pack(Plan(program, folder, like.input, contract, like.scope, *told))
    nothing = Calibration(method="platt", scale=1.0, bias=0.0, fitted_on="nothing")
    never = OperatingPoint(
        level="suspected",
        threshold=1.0,
        target_false_alarm_rate=0.0,
        false_alarm_rate=0.0,
        interval=(0.0, 1.0),
        n=1,
        measured_on="nothing",
    )
    packaging.write_package(config.model_copy(update={"calibration": nothing, "operating_points": [never]}), folder)
    return folder
