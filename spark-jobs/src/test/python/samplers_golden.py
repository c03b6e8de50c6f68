"""Numbers that Optuna and SciPy give, for the tests of the samplers.

    pip install optuna==5.0.0 scipy==1.17.1 torch
    python samplers_golden.py golden > ../resources/dev/bellows/jobs/study/sampler/golden.json
    python samplers_golden.py race        # best values of Optuna's samplers, for benchmarks/samplers.md
"""
import json
import math
import statistics
import sys
import warnings

import numpy as np
import optuna
import scipy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe import parzen_estimator, sampler
from scipy.stats import qmc

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def branin(x, y):
    a, b, c, r, s, t = 1, 5.1 / (4 * math.pi**2), 5 / math.pi, 6, 10, 1 / (8 * math.pi)
    return a * (y - b * x * x + c * x - r) ** 2 + s * (1 - t) * math.cos(x) + s


A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
P = [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
     [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]]
ALPHA = [1.0, 1.2, 3.0, 3.2]


def hartmann6(x):
    return -sum(ALPHA[i] * math.exp(-sum(A[i][j] * (x[j] - 1e-4 * P[i][j]) ** 2 for j in range(6))) for i in range(4))


def mixed(kind, lr, depth, units, dropout):
    best = {"a": -3.0, "b": -2.0, "c": -1.0}[kind]
    return ({"a": 0.5, "b": 0.0, "c": 0.3}[kind] + (math.log10(lr) - best) ** 2 + 0.1 * (depth - 7) ** 2
            + 0.2 * (math.log2(units) - 6.5) ** 2 + 10 * (dropout - 0.2) ** 2)


def conditional(p):
    if p["model"] == "tree":
        return 0.4 + 0.05 * (p["depth"] - 6) ** 2 + 0.5 * (math.log10(p["shrinkage"]) + 1) ** 2
    value = 0.1 + (math.log10(p["lr"]) + 2) ** 2 + 0.2 * (p["layers"] - 2) ** 2 + 0.1 * (math.log2(p["units1"]) - 6) ** 2
    if p["layers"] >= 2:
        value += 0.1 * (math.log2(p["units2"]) - 5) ** 2
    return value


def suggest_conditional(t):
    p = {"model": t.suggest_categorical("model", ["tree", "net"])}
    if p["model"] == "tree":
        p["depth"] = t.suggest_int("depth", 1, 12)
        p["shrinkage"] = t.suggest_float("shrinkage", 1e-3, 1, log=True)
    else:
        p["layers"] = t.suggest_int("layers", 1, 3)
        p["lr"] = t.suggest_float("lr", 1e-5, 1, log=True)
        p["units1"] = t.suggest_int("units1", 8, 512, log=True)
        if p["layers"] >= 2:
            p["units2"] = t.suggest_int("units2", 8, 512, log=True)
    return conditional(p)


OBJECTIVES = {
    "branin": (lambda t: branin(t.suggest_float("x", -5, 10), t.suggest_float("y", 0, 15)), 60),
    "hartmann6": (lambda t: hartmann6([t.suggest_float(f"x{i}", 0, 1) for i in range(6)]), 100),
    "mixed": (lambda t: mixed(t.suggest_categorical("kind", ["a", "b", "c"]), t.suggest_float("lr", 1e-5, 1, log=True),
                              t.suggest_int("depth", 2, 12), t.suggest_int("units", 8, 512, log=True),
                              t.suggest_float("dropout", 0, 0.7, step=0.1)), 60),
    "conditional": (suggest_conditional, 60),
}


def race(names, seeds=21):
    for name, (objective, trials) in OBJECTIVES.items():
        for which in names:
            best = []
            for seed in range(seeds):
                s = {"random": lambda: optuna.samplers.RandomSampler(seed=seed),
                     "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
                     "tpe_group": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True),
                     "gp": lambda: optuna.samplers.GPSampler(seed=seed)}[which]()
                study = optuna.create_study(sampler=s)
                study.optimize(objective, n_trials=trials)
                best.append(study.best_value)
            q = statistics.quantiles(best, n=4)
            print(f"{name:12} {which:10} {trials} trials {seeds} seeds  median {q[1]:.6f}  quartiles {q[0]:.6f} {q[2]:.6f}", flush=True)


def golden():
    space = {"rate": FloatDistribution(1e-5, 1.0, log=True), "share": FloatDistribution(0.0, 1.0),
             "dropout": FloatDistribution(0.0, 0.7, step=0.1), "depth": IntDistribution(2, 12),
             "width": IntDistribution(32, 256, step=32), "units": IntDistribution(8, 512, log=True),
             "kind": CategoricalDistribution(["a", "b", "c"])}
    parameters = parzen_estimator._ParzenEstimatorParameters(1.0, True, False, sampler.default_weights, True)
    rng = np.random.RandomState(7)
    argsort = np.argsort  # equal values: in the order of the trials, on every machine
    np.argsort = lambda a, *args, **kwargs: argsort(a, kind="stable")

    def draw(n):
        return {"rate": np.exp(rng.uniform(math.log(1e-5), 0, n)), "share": rng.uniform(0, 1, n),
                "dropout": np.round(rng.randint(0, 8, n) * 0.1, 10), "depth": rng.randint(2, 13, n).astype(float),
                "width": 32.0 * rng.randint(1, 9, n), "units": rng.randint(8, 513, n).astype(float),
                "kind": rng.randint(0, 3, n).astype(float)}

    def rows(columns):
        n = len(columns["rate"])
        whole = {"depth", "width", "units"}
        return [{k: (["a", "b", "c"][int(v[i])] if k == "kind" else int(v[i]) if k in whole else float(v[i]))
                 for k, v in columns.items()} for i in range(n)]

    densities = []
    for count in (0, 1, 2, 12, 40):
        observed, points = draw(count), draw(20)
        log_pdf = parzen_estimator._ParzenEstimator(observed, space, parameters).log_pdf(points)
        densities.append({"observed": rows(observed), "points": rows(points), "log_pdf": log_pdf.tolist()})
    import torch
    from optuna._gp.acqf import standard_logei
    z = [3.0, 1.0, 0.0, -0.5, -2.0, -8.0, -20.0, -24.9, -30.0, -100.0]
    logei = standard_logei(torch.tensor(z, dtype=torch.float64)).tolist()
    print(json.dumps({
        "logei": [list(pair) for pair in zip(z, logei)],
        "versions": {"optuna": optuna.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
        "sobol": qmc.Sobol(6, scramble=False).random(32).tolist(),
        "halton": qmc.Halton(6, scramble=False).random(32).tolist(),
        "weights": {str(n): sampler.default_weights(n).tolist() for n in (1, 24, 25, 26, 27, 40)},
        "good": [sampler.default_gamma(n) for n in range(1, 300)],
        "densities": densities,
        "branin": branin(1.5, 2.5), "hartmann6": hartmann6([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        "mixed": mixed("c", 0.003, 5, 33, 0.4),
    }))


if __name__ == "__main__":
    golden() if sys.argv[1] == "golden" else race(sys.argv[2:] or ["random", "tpe", "tpe_group"])
