"""A program as a detector's network: views in, logits out; normalisation and output are adapted here."""

from typing import Annotated, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from torch import Tensor, nn
from torch.nn import functional

from transforms.detect.errors import DetectorError
from transforms.detect.exported.interpreter import Interpreter
from transforms.detect.exported.program import Program
from transforms.detect.exported.reader import read_program
from transforms.detect.package import DetectorPackage
from transforms.detect.preprocess import InputSpec, synthetic_views

Triple = tuple[float, float, float]
Positive = Annotated[float, Field(gt=0.0)]

# A probability of exactly 0 or 1 would be an infinite logit; float32 tells no more than this anyway.
_EDGE = 1e-6


class Contract(BaseModel):
    """`architecture.params` of a package whose architecture is `exported`.

    Attributes:
        input: `float32`: (N, 3, S, S), (pixel / 255 - mean) / std; `uint8`: (N, S, S, 3), pixels as they are.
        mean: Of red, green and blue, for `float32`.
        std: Likewise.
        output: `logit`: (N,) or (N, 1), above zero for AI; `two_class`: (N, 2) logits; `probability`: (N,) or (N, 1) of
            AI, or (N, 2).
        ai_index: Which of two columns is AI.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    input: Literal["float32", "uint8"]
    mean: Triple | None = None
    std: tuple[Positive, Positive, Positive] | None = None
    output: Literal["logit", "two_class", "probability"]
    ai_index: Annotated[int, Field(ge=0, le=1)] = 1

    @model_validator(mode="after")
    def _normalised_or_not(self) -> Self:
        if (self.mean is None, self.std is None) != (self.input == "uint8", self.input == "uint8"):
            raise ValueError("mean and std must stand there for input 'float32', and must not for 'uint8'")
        return self


class ExportedNet(nn.Module):
    """uint8 views to logits by a program.

    A program whose batch dimension is fixed, as `torch.export` makes it by default, is called as often as needed, the
    last time filled up with zeros; so every batch is served.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, program: Program, contract: Contract) -> None:
        super().__init__()
        self.program = Interpreter(program)
        self._contract = contract
        self._fewest, self._most = program.batch
        for name, value in (("mean", contract.mean or (0.0,) * 3), ("std", contract.std or (1.0,) * 3)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32).reshape(1, 3, 1, 1))

    def forward(self, views: Tensor) -> Tensor:
        """Score views.

        Args:
            views: uint8 (N, S, S, 3), N at least 1.

        Returns:
            float32 (N,): logits, above zero for AI; NaN where a probability is not in [0, 1].

        Raises:
            ValueError: The output has another shape or dtype than the contract says.
        """
        return torch.cat([self._score(part) for part in torch.split(views, self._most or len(views))])

    def _score(self, views: Tensor) -> Tensor:
        missing = max(0, self._fewest - len(views))
        filled = functional.pad(views, (0, 0, 0, 0, 0, 0, 0, missing)) if missing else views.clone()
        if self._contract.input == "float32":
            pixels = filled.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
            filled = (pixels / 255.0 - self.mean) / self.std
        return self._logits(self.program(filled), len(filled))[: len(views)]

    def _logits(self, out: Tensor, rows: int) -> Tensor:
        columns = out.shape[1] if out.ndim == 2 else 1
        wanted = {"logit": (1,), "two_class": (2,), "probability": (1, 2)}[self._contract.output]
        if out.ndim not in {1, 2} or out.shape[0] != rows or columns not in wanted:
            raise ValueError(
                f"the output is {tuple(out.shape)} for {rows} pictures; '{self._contract.output}' is "
                f"{' or '.join(f'(N, {n})' for n in wanted)}{' or (N,)' if 1 in wanted else ''}"
            )
        if out.dtype != torch.float32:
            raise TypeError(f"the output is {out.dtype}, not torch.float32")
        if self._contract.output == "two_class":
            return out[:, self._contract.ai_index] - out[:, 1 - self._contract.ai_index]
        value = out[:, self._contract.ai_index] if columns == 2 else out.reshape(rows)
        if self._contract.output == "logit":
            return value
        inside = (value >= 0.0) & (value <= 1.0)
        return torch.where(inside, torch.logit(value, eps=_EDGE), torch.full_like(value, float("nan")))


def load_exported(package: DetectorPackage) -> nn.Module:
    """Open a package's program and try it on a picture.

    Args:
        package: From `load_package`, with the architecture `exported`.

    Returns:
        The network in eval mode, without gradients; it serves batches of any size.

    Raises:
        DetectorError: `invalid_config` for the params, what `read_program` and `Interpreter` raise, and `wrong_input`,
            `wrong_output`, `wrong_dtype`, `not_finite`, `program_failed`, `unsafe_program` from the trial.
    """
    where = str(package.weights_path)
    try:
        contract = Contract.model_validate(package.config.architecture.params)
    except ValidationError as e:
        faults = "; ".join(f"{'.'.join(map(str, f['loc'])) or 'params'}: {f['msg']}" for f in e.errors()[:3])
        raise DetectorError("invalid_config", f"{package.directory}: architecture.params: {faults}; correct it") from e
    program = read_program(package.weights_path)
    check_input(program, contract, package.config.input)
    network = ExportedNet(program, contract).eval().requires_grad_(requires_grad=False)
    _try(network, package.config.input, where)
    return network


def check_input(program: Program, contract: Contract, spec: InputSpec) -> None:
    """Refuse a program that does not take what a package says it takes.

    Raises:
        DetectorError: `wrong_dtype` or `wrong_input`.
    """
    where = str(program.archive.path)
    if program.dtype != contract.input:
        raise DetectorError(
            "wrong_dtype",
            f"{where} takes {program.dtype}, the package says {contract.input}; correct architecture.params.input",
        )
    side = spec.size
    wanted = (None, 3, side, side) if contract.input == "float32" else (None, side, side, 3)
    fits = len(program.sizes) == 4 and all(a in {None, b} for a, b in zip(program.sizes, wanted, strict=True))
    if not fits:
        takes = ", ".join("N" if n is None else str(n) for n in program.sizes)
        gives = ", ".join("N" if n is None else str(n) for n in wanted)
        raise DetectorError(
            "wrong_input",
            f"{where} takes ({takes}), the package gives ({gives}); correct input.size or export it again",
        )


def _try(network: ExportedNet, spec: InputSpec, where: str) -> None:
    views = torch.from_numpy(synthetic_views(spec))
    before = network.program.versions()
    try:
        with torch.inference_mode():
            logits = network(views)
    except TypeError as e:
        raise DetectorError("wrong_dtype", f"{where}: {_short(e)}; return float32 from the network") from e
    except ValueError as e:
        raise DetectorError("wrong_output", f"{where}: {_short(e)}; correct architecture.params.output") from e
    except (RuntimeError, IndexError, KeyError, ZeroDivisionError, NotImplementedError, MemoryError) as e:
        raise DetectorError(
            "program_failed", f"{where} fails on a picture of {spec.size} pixels: {_short(e)}; export the network again"
        ) from e
    if network.program.versions() != before:
        raise DetectorError(
            "unsafe_program",
            f"{where} writes to its own weights, so a score would depend on what was scored before; refused",
        )
    if not torch.isfinite(logits).all():
        raise DetectorError(
            "not_finite", f"{where} answers the test picture with {logits.tolist()[:3]}; mend the network"
        )


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
