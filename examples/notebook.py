"""A marimo notebook over a store: what was examined, what is undisclosed, what to look at first.

Run ``make scan``, then ``marimo edit examples/notebook.py``. ``AIQYN_STORE`` names another store.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="An audit")


@app.cell
def _():
    import os

    import marimo as mo

    from pipelines.api import open_store

    return mo, open_store, os


@app.cell
def _(os):
    folder = os.environ.get("AIQYN_STORE", "examples/store")
    return (folder,)


@app.cell
def _(folder, open_store):
    store = open_store(folder)
    return (store,)


@app.cell
def _(mo):
    mo.md("""
    # An audit

    Each cell below asks a store. A score is a hint and never a finding, and what could not be examined is never
    clean. `docs/tables.md` says what each column means.
    """)
    return


@app.cell
def _(mo, store):
    outcomes = store.sql(
        """
        SELECT outcome, reason, count(*) AS places
        FROM items_latest
        GROUP BY ALL
        ORDER BY places DESC, outcome, reason
        """
    ).to_pandas()
    mo.vstack([mo.md("## What became of the files"), mo.ui.table(outcomes, selection=None)])
    return (outcomes,)


@app.cell
def _(mo, store):
    verdicts = store.sql(
        "SELECT policy, outcome, count(*) AS places FROM verdicts_latest GROUP BY ALL ORDER BY ALL"
    ).to_pandas()
    by_policy = verdicts.pivot(index="policy", columns="outcome", values="places").fillna(0).astype(int)
    mo.vstack([mo.md("## What policies make of them"), by_policy])
    return (by_policy,)


@app.cell
def _(mo, store):
    policies = [policy for (policy,) in store.sql("SELECT DISTINCT policy FROM verdicts_latest ORDER BY ALL").rows()]
    policy = mo.ui.dropdown(policies, value=policies[0] if policies else None, label="Policy")
    mo.vstack([mo.md("## What is missing"), policy])
    return (policy,)


@app.cell
def _(mo, policy, store):
    missing = store.view(
        "undisclosed", ["uri", "verdict", "article", "code", "publisher"], where="policy = $policy", policy=policy.value
    ).to_pandas()
    mo.ui.table(missing, selection=None)
    return (missing,)


@app.cell
def _(mo, store):
    queue = store.sql("SELECT position, value, chance, places, uri, verdict FROM review_queue LIMIT 20").to_pandas()
    mo.vstack([mo.md("## What a person should look at first"), mo.ui.table(queue, selection=None)])
    return (queue,)


@app.cell
def _(mo, store):
    scores = store.view("items_latest", ["score"], where="outcome = 'examined' AND score IS NOT NULL").to_pandas()
    tenths = scores["score"].mul(10).clip(upper=9).astype(int).value_counts().reindex(range(10), fill_value=0)
    most = max(1, tenths.max())
    bars = "\n".join(f"{tenth / 10:.1f}  {'█' * round(40 * count / most)} {count}" for tenth, count in tenths.items())
    mo.md(f"## How the first detector's scores are spread\n\n```text\n{bars}\n```")
    return (tenths,)


if __name__ == "__main__":
    app.run()
