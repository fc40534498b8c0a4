"""How long a user waits: import, first fit, second fit; bayesmix beside plain Bambi with nutpie.

    python benchmarks/latency.py [--runs 5]

Every run is a fresh process, the two in turn; medians are printed, with the ratio. Both fit sleepstudy with
4 x 1000 draws after 1000 tuning steps. Bambi's model has independent effects, since it has no correlated ones.
"""

import json
import statistics
import subprocess
import sys
from argparse import ArgumentParser
from importlib.resources import files

PREPARE = "import json, resource, time\nstart = time.perf_counter()\n"
BAYESMIX = """
import bayesmix as bm
imported = time.perf_counter()
data = bm.load_data("sleepstudy")
def fit(seed):
    result = bm.fit("Reaction ~ Days + (Days | Subject)", data, seed=seed, progress=False)
    str(result)
    return result.posterior
"""
BAMBI = """
import bambi
imported = time.perf_counter()
import pandas as pd
data = pd.read_csv(DATA, dtype={"Subject": str})
def fit(seed):
    model = bambi.Model("Reaction ~ Days + (Days | Subject)", data)
    result = model.fit(inference_method="nutpie", draws=1000, tune=1000, chains=4, random_seed=seed, progressbar=False)
    import arviz_stats
    arviz_stats.summary(result, var_names=["Intercept", "Days", "sigma", "1|Subject_sigma", "Days|Subject_sigma"])
    return result
"""
MEASURE = """
begun = time.perf_counter()
fit(1)
first = time.perf_counter()
fit(2)
second = time.perf_counter()
print(json.dumps({
    "import": imported - start,
    "first fit": first - begun,
    "second fit": second - first,
    "import to first table": first - start,
    "peak memory, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def run(body: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PREPARE + body + MEASURE], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    data = str(files("bayesmix.data") / "files" / "sleepstudy.csv")
    bodies = {"bayesmix": BAYESMIX, "Bambi": BAMBI.replace("DATA", repr(data))}
    for body in bodies.values():
        run(body)  # fill the disk's caches
    results = {name: [] for name in bodies}
    for _ in range(runs):
        for name, body in bodies.items():
            results[name].append(run(body))
    print(f"sleepstudy, 4 x 1000 draws; medians of {runs} fresh processes, seconds\n")
    print(f"{'':24}{'bayesmix':>10}{'Bambi':>10}{'ratio':>8}")
    for what in results["bayesmix"][0]:
        own, peer = (statistics.median(result[what] for result in results[name]) for name in bodies)
        print(f"{what:24}{own:>10.2f}{peer:>10.2f}{own / peer:>8.2f}")


if __name__ == "__main__":
    main()
