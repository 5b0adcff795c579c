"""Which pictures of a manifest a benchmark takes when it cannot take all."""

import pandas as pd


def spread_over_sources(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """At most ``count`` pictures, half of each class, from a class's sources in turn; the same ones every time.

    Args:
        rows: As ``read_manifest`` gives them; videos are left out.
        count: Of both classes together.
    """
    chosen = []
    for _, members in rows[~rows["is_video"]].groupby("label"):
        shuffled = members.sample(frac=1, random_state=0)
        turn = shuffled.groupby("source").cumcount()
        chosen.append(shuffled.assign(turn=turn).sort_values(["turn", "source"]).head(count // 2))
    return pd.concat(chosen).drop(columns="turn").reset_index(drop=True)
