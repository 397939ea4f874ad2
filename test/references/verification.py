"""Writes verification.json: verification metrics of seeded score sets, by scikit-learn and SciPy.

Run: python3 test/references/verification.py

Reference for src/siamese/verification.ts and calibrate.ts. scikit-learn gives AUC, ROC and the metrics at given
thresholds. The equal error rate is a root, found by brentq, of FAR - FRR along the interpolated ROC. Calibrated
thresholds are found by trying every candidate with exact fractions.
"""

import json
import platform
from fractions import Fraction
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import brentq
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score, roc_auc_score, roc_curve

SEED = 20240611
FAR_LIMITS = [0, 0.05, 0.1, 0.3, 1]


def decide(measure, scores, threshold):
    return (scores <= threshold if measure == 'distance' else scores >= threshold).astype(int)


def candidates(measure, scores):
    """Strictest first: midpoints of neighboring unique scores, and one threshold beyond each end."""
    unique = np.unique(scores)
    below = 2 * min(unique[0], 0) - 1
    above = 2 * max(unique[-1], 0) + 1
    ascending = [below, *((unique[:-1] + unique[1:]) / 2), above]
    return ascending if measure == 'distance' else ascending[::-1]


def counts(measure, scores, same, threshold):
    (tr, fa), (fr, ta) = confusion_matrix(same, decide(measure, scores, threshold), labels=[0, 1]).tolist()
    return ta, fa, tr, fr


def at(measure, scores, same, threshold):
    said = decide(measure, scores, threshold)
    ta, fa, tr, fr = counts(measure, scores, same, threshold)
    return {
        'threshold': float(threshold),
        'accuracy': accuracy_score(same, said),
        'precision': precision_score(same, said, zero_division=0),
        'recall': recall_score(same, said, zero_division=0),
        'f1': f1_score(same, said, zero_division=0),
        'falseAcceptRate': fa / (fa + tr),
        'falseRejectRate': fr / (fr + ta),
        'confusion': {'trueAccept': ta, 'falseAccept': fa, 'trueReject': tr, 'falseReject': fr},
    }


def choose(measure, scores, same, value):
    """The strictest of the candidates with the highest value; value maps the four counts to a Fraction or None."""
    best, highest = None, None
    for threshold in candidates(measure, scores):
        v = value(*counts(measure, scores, same, threshold))
        if v is not None and (highest is None or v > highest):
            best, highest = threshold, v
    return at(measure, scores, same, best)


def equal_error_rate(far, tar):
    """Both rates as functions of the position along the ROC, which unlike FAR itself never stands still."""
    position = np.arange(len(far))
    u = brentq(lambda u: np.interp(u, position, far) - (1 - np.interp(u, position, tar)), 0, len(far) - 1, xtol=1e-14)
    return float(np.interp(u, position, far))


def case(name, measure, scores, same):
    order = np.random.default_rng(SEED).permutation(len(scores))
    scores32 = np.asarray(scores, dtype=np.float32)[order]
    same = np.asarray(same, dtype=int)[order]
    scores = scores32.astype(np.float64)
    likeness = -scores if measure == 'distance' else scores
    far, tar, _ = roc_curve(same, likeness, drop_intermediate=False)
    unique = np.unique(scores)
    middle = unique[len(unique) // 2]
    every = candidates(measure, scores)
    return {
        'name': name,
        'measure': measure,
        # The shortest decimals that give these float32 back.
        'scores': [float(str(s)) for s in scores32],
        'same': same.tolist(),
        'auc': roc_auc_score(same, likeness),
        'eer': equal_error_rate(far, tar),
        'roc': {
            'thresholds': [float(t) for t in every],
            'falseAcceptRates': far.tolist(),
            'trueAcceptRates': tar.tolist(),
        },
        # Exactly on a score, which the comparison includes, and at both ends.
        'at': [at(measure, scores, same, t) for t in (middle, every[0], every[-1])],
        'maximize': {
            'accuracy': choose(measure, scores, same, lambda ta, fa, tr, fr: Fraction(ta + tr, len(same))),
            'f1': choose(measure, scores, same, lambda ta, fa, tr, fr: Fraction(2 * ta, 2 * ta + fa + fr)),
        },
        'maxFalseAcceptRate': [
            {'limit': limit, 'threshold': best['threshold'], 'recall': best['recall'], 'falseAcceptRate': best['falseAcceptRate']}
            for limit in FAR_LIMITS
            for best in [choose(measure, scores, same, lambda ta, fa, tr, fr: Fraction(ta) if fa / (fa + tr) <= limit else None)]
        ],
    }


def main():
    random = np.random.default_rng(SEED)

    def labels(same, different):
        return [1] * same + [0] * different

    def normal(same, different, means, spread):
        return np.concatenate([random.normal(means[0], spread, same), random.normal(means[1], spread, different)])

    cases = [
        case('reference fact', 'distance', [1, 2, 10, 20], labels(2, 2)),
        case('smallest set, inverted', 'similarity', [-1, 1], labels(1, 1)),
        case('one score for all', 'distance', [2] * 7, labels(3, 4)),
        case('distances', 'distance', np.abs(normal(14, 14, (0.6, 1.2), 0.35)), labels(14, 14)),
        case('cosine similarities', 'similarity', np.clip(normal(14, 14, (0.6, 0.1), 0.4), -1, 1), labels(14, 14)),
        case('heavily tied distances', 'distance', random.integers(0, 6, 40) + np.repeat([0, 2], 20), labels(20, 20)),
        case('heavily tied similarities', 'similarity', random.integers(-2, 3, 45) * 0.1, labels(20, 25)),
        case('few same pairs', 'distance', np.round(normal(3, 40, (1, 2), 0.6), 1), labels(3, 40)),
        case('few different pairs', 'similarity', np.round(normal(40, 3, (0.6, 0.2), 0.3), 1), labels(40, 3)),
        case('worse than chance', 'distance', np.abs(normal(12, 10, (1.4, 1), 0.4)), labels(12, 10)),
        case('many magnitudes', 'distance', 10.0 ** random.uniform(-38, 38, 16), labels(8, 8)),
    ]
    made_by = {
        'script': 'test/references/verification.py',
        'python': platform.python_version(),
        'numpy': np.__version__,
        'scipy': scipy.__version__,
        'scikit-learn': sklearn.__version__,
        'seed': SEED,
    }
    out = Path(__file__).with_suffix('.json')
    lines = ',\n'.join('    ' + json.dumps(c) for c in cases)
    out.write_text(f'{{\n  "madeBy": {json.dumps(made_by)},\n  "cases": [\n{lines}\n  ]\n}}\n')


if __name__ == '__main__':
    main()
