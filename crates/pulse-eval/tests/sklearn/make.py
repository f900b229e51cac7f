#!/usr/bin/env python3
"""Writes values.json beside this file: what scikit-learn 1.2.2 computes for seeded random cases.

    pip install scikit-learn==1.2.2 'numpy<2' && python3 make.py
"""
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.calibration import calibration_curve
from sklearn import metrics as m

random = np.random.default_rng(8)


def multilabel(rows, classes, rate):
    gold = random.random((rows, classes)) < rate
    predicted = np.where(random.random((rows, classes)) < 0.75, gold, random.random((rows, classes)) < rate)
    supported = [k for k in range(classes) if gold[:, k].any()]
    both = [k for k in supported if not gold[:, k].all()]
    return {
        "gold": gold.astype(int).tolist(), "predicted": predicted.astype(int).tolist(),
        "class_precision": m.precision_score(gold, predicted, average=None, zero_division=0).tolist(),
        "class_recall": m.recall_score(gold, predicted, average=None, zero_division=0).tolist(),
        "class_f1": m.f1_score(gold, predicted, average=None, zero_division=0).tolist(),
        "macro_f1": m.f1_score(gold[:, supported], predicted[:, supported], average="macro", zero_division=0),
        "micro_f1": m.f1_score(gold, predicted, average="micro"),
        "macro_hard_label_auc": m.roc_auc_score(gold[:, both], predicted[:, both].astype(float), average="macro"),
        "hamming_loss": m.hamming_loss(gold, predicted),
        "exact_match": m.accuracy_score(gold, predicted),
    }


def choice(rows, classes):
    gold = random.integers(0, classes, rows)
    predicted = np.where(random.random(rows) < 0.6, gold, random.integers(0, classes, rows))
    return {
        "gold": gold.tolist(), "predicted": predicted.tolist(), "classes": classes,
        "confusion": m.confusion_matrix(gold, predicted, labels=range(classes)).tolist(),
        "accuracy": m.accuracy_score(gold, predicted),
        "macro_f1": m.f1_score(gold, predicted, labels=sorted(set(gold.tolist())), average="macro", zero_division=0),
    }


def probabilities(rows, digits):
    truth = random.random(rows) < 0.35
    p = np.clip(np.round(0.5 * random.random(rows) + 0.4 * truth * random.random(rows), digits), 0, 1)
    fpr, tpr, _ = m.roc_curve(truth, p, drop_intermediate=False)
    share, mean = calibration_curve(truth, p, n_bins=10, strategy="uniform")
    # Bins as calibration_curve makes them; the error is not part of scikit-learn.
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], p)
    weights = np.bincount(bins, minlength=10)
    return {
        "truth": truth.astype(int).tolist(), "probabilities": p.tolist(),
        "roc": [fpr.tolist(), tpr.tolist()], "roc_auc": m.roc_auc_score(truth, p),
        "average_precision": m.average_precision_score(truth, p),
        "brier_score": m.brier_score_loss(truth, p),
        "calibration": [mean.tolist(), share.tolist()],
        "expected_calibration_error": float((weights[weights > 0] / rows * np.abs(mean - share)).sum()),
    }


values = {
    "scikit_learn": sklearn.__version__, "numpy": np.__version__,
    "multilabel": [multilabel(40, 5, 0.3), multilabel(60, 9, 0.1), multilabel(12, 3, 0.6)],
    "choice": [choice(50, 4), choice(80, 8)],
    # Few digits give ties; the second has none.
    "probabilities": [probabilities(60, 1), probabilities(80, 6), probabilities(30, 2)],
}
Path(__file__).with_name("values.json").write_text(json.dumps(values) + "\n")
