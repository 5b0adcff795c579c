"""``aiqyn estimate``: what a scan would cost, before it is begun."""

from typing import Annotated

import typer

import configs
from pipelines.estimate.terms import ASSUMED_EFFICIENCY, Terms
from pipelines.s3_endpoint import EndpointOption
from pipelines.source_options import (
    BatchSizeOption,
    ChildrenOption,
    ContextOption,
    DetectorOption,
    ExcludeOption,
    IncludeOption,
    ManifestOption,
    MaxSizeOption,
    MinSizeOption,
    NewerThanOption,
    ProfileOption,
    RetryFailedOption,
    SegmentItemsOption,
    SourcesArgument,
    ThreadsOption,
)

app = typer.Typer()
_Price = typer.Option(min=0.0, help="In any currency. Without it no money is told.")


@app.command()
def estimate(
    sources: SourcesArgument = None,
    store: Annotated[
        str, typer.Option("--store", help="Only what a scan into this store would still have to do. It stays as it is.")
    ] = "",
    manifest: ManifestOption = None,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    newer_than: NewerThanOption = None,
    min_size: MinSizeOption = None,
    max_size: MaxSizeOption = None,
    s3_endpoint: EndpointOption = "",
    detector: DetectorOption = None,
    profile: ProfileOption = "default",
    context_table: ContextOption = None,
    batch_size: BatchSizeOption = 0,
    children: ChildrenOption = 0,
    threads: ThreadsOption = 0,
    segment_items: SegmentItemsOption = 0,
    retry_failed: RetryFailedOption = False,
    sample: Annotated[
        int, typer.Option(min=1, help="Places that are drawn and examined; three a stratum at least.")
    ] = 200,
    seed: Annotated[int, typer.Option(help="Another one draws others.")] = 0,
    hosts: Annotated[int, typer.Option(min=1, help="Machines that share the work.")] = 1,
    cores: Annotated[int, typer.Option(min=0, help="Of each host; 0: as many as here.")] = 0,
    efficiency: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Share of the cores that is kept busy: an assumption.")
    ] = ASSUMED_EFFICIENCY,
    gpu: Annotated[int, typer.Option(min=0, help="GPUs of each host, for the networks of detectors.")] = 0,
    gpu_speedup: Annotated[
        float | None, typer.Option(min=0.01, help="How many cores' work of the networks one GPU does; you know it.")
    ] = None,
    price_core_hour: Annotated[float | None, _Price] = None,
    price_gpu_hour: Annotated[float | None, _Price] = None,
    price_gb_month: Annotated[float | None, _Price] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Tell what a scan would cost, from a random sample that is really examined; see docs/capacity.md.

    Neither the sources nor the store are written to.
    """
    from pipelines.estimate.command import run_estimate
    from pipelines.scan_options import ScanOptions
    from pipelines.selection import parse_selection
    from pipelines.troubles import machine_told
    from transforms.cores import share_of_cores

    options = ScanOptions(
        sources=sources or [],
        store=store,
        detectors=tuple(detector or [configs.DEFAULT_DETECTOR]),
        profile=profile,
        batch_size=batch_size,
        children=children,
        threads=threads,
        segment_items=segment_items,
        retry_failed=retry_failed,
        allow_empty=bool(store),
        context=context_table,
        manifest=manifest,
        selection=parse_selection(include or (), exclude or (), newer_than, min_size, max_size),
        s3_endpoint=s3_endpoint,
    )
    prices = (price_core_hour, price_gpu_hour, price_gb_month)
    terms = Terms(hosts, cores or share_of_cores(1), efficiency, gpu, gpu_speedup, *prices)
    with machine_told(store):
        run_estimate(options, terms, sample=sample, seed=seed, as_json=as_json)
