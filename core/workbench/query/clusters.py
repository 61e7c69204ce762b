"""Clips that lie together, by HDBSCAN (Campello et al., 2013) over their features. Nothing of what is right is looked at."""

import numpy as np

from core.workbench.query.near import BLOCK, Features
from core.workbench.query.places import MOST, directions

FEWEST = 5  # clips of a cluster, at the least; of many clips, a fiftieth
KEPT = 16  # directions that are looked at: in more, everything is as far from everything


def clusters(features: Features, seed: int = 0) -> np.ndarray:
    """The cluster of each clip, from 1; 0 where it lies in none. Of more than MOST clips some are drawn and sorted, and each of
    the others goes where the nearest of those is. [N]"""
    N = len(features.ids)
    if N < 2 * FEWEST:
        return np.zeros(N, int)
    from sklearn.cluster import HDBSCAN  # a second to import

    flat_NK, _ = directions(features.feature_NE.astype(np.float32), KEPT)
    some = np.sort(np.random.default_rng([seed, N]).permutation(N)[:MOST])
    own_S = HDBSCAN(min_cluster_size=max(FEWEST, len(some) // 50), copy=True).fit_predict(flat_NK[some]) + 1
    if N <= MOST:
        return np.maximum(own_S, 0)
    made_N, half_S = np.zeros(N, int), (flat_NK[some] ** 2).sum(1) / 2
    for start in range(0, N, BLOCK):
        block = flat_NK[start : start + BLOCK]
        made_N[start : start + BLOCK] = own_S[(block @ flat_NK[some].T - half_S).argmax(1)]
    return np.maximum(made_N, 0)
