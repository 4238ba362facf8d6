"""What scikit-learn does here: tell human from generated songs, and name a song's style.

In: sets of vectors. Out: the area under the ROC curve of a cross-validated discriminator (.5: cannot be told, 1: told
always), and a style's name a song. Conventions: five folds; windows of one piece stay in one fold; the larger area of
logistic regression and gradient boosting counts. Caveat: the package comes with the extra `evaluate`; everything else
here works without it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import SetupError
from engine.evaluate.vectors import Values, VectorSet, filled

FOLDS = 5


def discriminator_auc(human: VectorSet, other: VectorSet, *, seed: int) -> float:
    """How well a learner that sees metric vectors alone tells the two sets apart, on songs that it has not seen."""
    values = np.concatenate(filled(human.values, other.values))
    labels = np.repeat([0, 1], [len(human), len(other)])
    works = np.concatenate((human.works, human.works.max() + 1 + other.works))
    return max(_cross_validated(learner, values, labels, works, seed) for learner in ("logistic", "boosting"))


def _cross_validated(
    learner: str, values: Values, labels: NDArray[np.int64], works: NDArray[np.int64], seed: int
) -> float:
    sklearn = _sklearn()
    folds = sklearn.StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    areas = []
    for train, test in folds.split(values, labels, works):
        model = _learner(learner, seed).fit(values[train], labels[train])
        areas.append(sklearn.roc_auc_score(labels[test], model.predict_proba(values[test])[:, 1]))
    return float(np.mean(areas))


def _learner(name: str, seed: int) -> Any:
    sklearn = _sklearn()
    if name == "logistic":
        return sklearn.make_pipeline(sklearn.StandardScaler(), sklearn.LogisticRegression(C=0.1, max_iter=2000))
    return sklearn.GradientBoostingClassifier(
        n_estimators=60, max_depth=3, learning_rate=0.1, subsample=0.7, max_features=0.3, random_state=seed
    )


def named_styles(training: VectorSet, songs: VectorSet, *, seed: int) -> list[str]:
    """The style that a classifier, trained on `training`, gives each song. It sees metrics and traits."""
    sklearn = _sklearn()
    seen, asked = filled(
        np.hstack((training.values, training.traits)),
        np.hstack((songs.values, songs.traits)),
    )
    forest = sklearn.ExtraTreesClassifier(
        n_estimators=150, min_samples_leaf=2, class_weight="balanced", random_state=seed
    )
    forest.fit(seen, [label.style for label in training.labels])
    return [str(style) for style in forest.predict(asked)]


class _Sklearn:
    """The names that are used, imported when they are first needed."""

    def __init__(self) -> None:
        try:
            from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier  # noqa: PLC0415
            from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
            from sklearn.metrics import roc_auc_score  # noqa: PLC0415
            from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415
            from sklearn.pipeline import make_pipeline  # noqa: PLC0415
            from sklearn.preprocessing import StandardScaler  # noqa: PLC0415
        except ImportError as error:
            raise SetupError(
                "scikit-learn is not installed; `pip install 'tunesmith[evaluate]'` brings what evaluation needs."
            ) from error
        self.ExtraTreesClassifier = ExtraTreesClassifier
        self.GradientBoostingClassifier = GradientBoostingClassifier
        self.LogisticRegression = LogisticRegression
        self.StandardScaler = StandardScaler
        self.StratifiedGroupKFold = StratifiedGroupKFold
        self.make_pipeline = make_pipeline
        self.roc_auc_score = roc_auc_score


def _sklearn() -> _Sklearn:
    return _Sklearn()
