"""On what a scan would be done, and what that costs: what a sample cannot tell."""

from dataclasses import dataclass

from pipelines.errors import UsageError

ASSUMED_EFFICIENCY = 0.85
"""Of a host's cores, how many a scan keeps busy, where nobody says otherwise. An assumption, and told as one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what the work is to be done, and what that costs.

    Attributes:
        hosts: Machines.
        cores: Of each.
        efficiency: Of the cores, how many are kept busy, from 0 to 1.
        gpus: Of each host.
        gpu_speedup: How many times the network's work of one core a GPU does; nobody measured it here.
        price_core_hour: In any currency; None: not known.
        price_gpu_hour: Likewise.
        price_gb_month: Of storage, of 10⁹ bytes, likewise.
    """

    hosts: int = 1
    cores: int = 1
    efficiency: float = ASSUMED_EFFICIENCY
    gpus: int = 0
    gpu_speedup: float | None = None
    price_core_hour: float | None = None
    price_gpu_hour: float | None = None
    price_gb_month: float | None = None

    def check(self) -> "Terms":
        """The same, if they fit together.

        Raises:
            UsageError: GPUs without what they are worth, or the other way round; a price of what is not there.
        """
        if self.gpus and self.gpu_speedup is None:
            raise UsageError(
                "--gpu needs --gpu-speedup: how many times the networks' work of one core your GPU does. The sample is "
                "scored on processors, so Aiqyn does not know."
            )
        if not self.gpus and (self.gpu_speedup is not None or self.price_gpu_hour is not None):
            raise UsageError("--gpu-speedup and --price-gpu-hour are of GPUs: say with --gpu how many each host has.")
        return self
