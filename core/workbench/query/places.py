"""A place for every clip on a map: near ones have features alike. It is to be looked at; distances in it mean little."""

from dataclasses import dataclass

import numpy as np

from core.workbench.query.near import Features

MOST, FEWEST = 5000, 20  # clips of a t-SNE: of more, it takes minutes, and of fewer it is chance
KEPT = 50  # directions that t-SNE sees


@dataclass(frozen=True, eq=False)
class Places:
    """how: "t-SNE", or "PCA", whose share of all variance is said. place_N2: of each clip of `ids`, 0 to 1."""

    ids: tuple[str, ...]
    place_N2: np.ndarray
    how: str
    share: float | None = None


def places(features: Features, seed: int = 0) -> Places:
    """Where each clip is drawn: the same of the same features and seed."""
    N = len(features.ids)
    flat_NK, share_K = directions(features.feature_NE.astype(np.float32), KEPT)
    if not FEWEST <= N <= MOST:
        return Places(features.ids, inside(flat_NK[:, :2]), "PCA", float(share_K[:2].sum()))
    from sklearn.manifold import TSNE  # a second to import, and for a map alone
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # where something else works as well, its threads wait for one another: minutes for 120 clips
        made = TSNE(2, perplexity=min(30.0, (N - 1) / 3), init="pca", random_state=seed).fit_transform(flat_NK)
    return Places(features.ids, inside(made), "t-SNE")


def directions(feature_NE: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """(clips along the directions of most variance, the share of it that each has). By the E × E covariance: N may be large."""
    around_NE = feature_NE - feature_NE.mean(0, keepdims=True) if len(feature_NE) else feature_NE
    value_E, vector_EE = np.linalg.eigh(around_NE.T @ around_NE)
    some = max(2, min(most, len(value_E)))
    vector_EK = vector_EE[:, ::-1][:, :some]
    flat_NK = around_NE @ vector_EK
    if flat_NK.shape[1] < 2:
        flat_NK = np.pad(flat_NK, ((0, 0), (0, 2 - flat_NK.shape[1])))
    return flat_NK, np.maximum(value_E[::-1][:some], 0) / max(value_E.sum(), 1e-12)


def inside(place_N2: np.ndarray) -> np.ndarray:
    """The same from 0 to 1, one scale for both ways."""
    if not len(place_N2):
        return place_N2
    low = place_N2.min(0)
    return (place_N2 - low) / max(float((place_N2.max(0) - low).max()), 1e-12)
