"""How a worker examines, beside what decides its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.examine.pool import CHILD_COMMAND
from transforms.fitness import WorkerNeeds
from transforms.hdfs import HdfsServer


@dataclass(frozen=True, slots=True)
class ExamineOptions:
    """How a worker examines; nothing but ``known`` changes a row.

    Attributes:
        children: Examiner children of each worker; 0: as many as its share of the machine's cores.
        workers: Those that share a machine.
        ticks: Address of the driver's progress socket, or None.
        stop_file: While this file exists, references that no child has begun are left for the next scan.
        command: How a child is started; tests start misbehaving ones.
        s3_endpoint: From ``--s3-endpoint``, for workers on other machines.
        hdfs_server: From Beam's options, likewise: workers that were started before know none of these.
        known: File of the contents whose near-duplicates are not examined, or None.
        needs: What a worker that is not the driver's own has to have, or None.
        costs: File to which is added what each content took, or None.
    """

    children: int = 1
    workers: int = 1
    ticks: str | None = None
    stop_file: str | None = None
    command: Sequence[str] = CHILD_COMMAND
    s3_endpoint: str = ""
    hdfs_server: HdfsServer | None = None
    known: str | None = None
    needs: WorkerNeeds | None = None
    costs: str | None = None
