"""Sources that held files and hold none."""

from pipelines.errors import UsageError
from pipelines.inputs import Inputs, Scope
from pipelines.inventory import covers
from pipelines.plan import Plan


def refuse_emptied(plan: Plan, scope: Scope, inputs: Inputs) -> None:
    """A source that held files and holds none is more often an archive that is not mounted than one that was emptied.

    Raises:
        UsageError: Naming the source and what to do.
    """
    emptied = [source for source in scope.addresses if source not in inputs.filled]
    named = set(inputs.named["uri"].to_pylist()) if scope.manifest and scope.manifest.source in emptied else set()
    for source in emptied:
        gone = sum(covers(source, one.place.uri) or one.place.uri in named for one in plan.due.gone)
        if gone:
            told = "Nothing that the manifest names is there" if source not in scope.sources else f"{source} is empty"
            raise UsageError(
                f"{told}, and {gone} files were there in an earlier scan. Is it mounted? "
                "If they are gone for good, say so with --allow-empty."
            )
