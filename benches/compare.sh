#!/usr/bin/env bash
# Holds npmfix against GNU grep and ripgrep on the log of benches/ci_log, in one run on one machine.
#
#   benches/compare.sh [MEGABYTES]        (default 100)
#   RUNS=5 benches/compare.sh             (default 20)
#
# Prints the median wall time of each program over RUNS alternating runs on a warm cache, the ratios, and the peak memory of
# npmfix, and says whether npmfix found the planted errors and nothing else (exit status 1 if not). Needs cargo, python3 and
# grep; leaves ripgrep out when it is not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
log=$folder/ci.log

cargo build --release --locked --quiet
target=$(cargo metadata --format-version 1 --no-deps --locked |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
cargo bench --quiet --locked --bench ci_log -- write "$log" "${1:-100}" 2>"$folder/written" || {
  cat "$folder/written" >&2
  exit 2
}

NPMFIX=$target/release/npmfix LOG=$log WRITTEN=$folder/written RUNS=${RUNS:-20} python3 - <<'PYTHON'
import json, os, shutil, statistics, subprocess, sys, time

log, runs, folder = os.environ["LOG"], int(os.environ["RUNS"]), os.path.dirname(os.environ["LOG"])
pattern = "npm (ERR!|error) code E40[13]"
commands = {
    "npmfix": [os.environ["NPMFIX"], "explain", "--format", "json", log],
    "grep": ["grep", "-cE", pattern, log],
    "rg": ["rg", "-c", pattern, log],
}
if not shutil.which("rg"):
    del commands["rg"]
    print("rg is not installed: left out")
environment = {**os.environ, "LC_ALL": "C"}


def run(name):
    """Wall seconds of one run. The output goes to a file: grep stops at the first match when it sees /dev/null."""
    with open(os.path.join(folder, name), "wb") as out:
        start = time.perf_counter()
        status = subprocess.Popen(commands[name], stdin=subprocess.DEVNULL, stdout=out, env=environment).wait()
        took = time.perf_counter() - start
    if status != 0:
        sys.exit(f"compare: {' '.join(commands[name])} ended with status {status}")
    return took


def peak():
    """Peak resident memory of npmfix in MiB. Without GNU time the smallest figure is what Python itself takes."""
    if os.access("/usr/bin/time", os.X_OK):
        wrapped = ["/usr/bin/time", "-q", "-f", "%M", *commands["npmfix"]]
        text = subprocess.run(wrapped, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment).stderr
        return int(text.split()[-1]) / 1024
    child = subprocess.Popen(commands["npmfix"], stdout=subprocess.DEVNULL, env=environment)
    return os.wait4(child.pid, 0)[2].ru_maxrss / 1024


def findings():
    """How many planted errors are found with their code, how many are missed, and what else is answered."""
    written = [line.rstrip("\n").split("\t") for line in open(os.environ["WRITTEN"])]
    planted = [(int(line[1]), line[2]) for line in written if line[0] == "planted"]
    diagnoses = [d for line in open(os.path.join(folder, "npmfix"), "rb") for d in json.loads(line)["diagnoses"]]
    missed = [(line, code) for line, code in planted
              if not any(d["code"] == code and d["first_line"] <= line <= d["last_line"] for d in diagnoses)]
    others = [d for d in diagnoses if d["count"] != 1 or not any(d["first_line"] <= line <= d["last_line"] for line, _ in planted)]
    return planted, missed, others


for name in commands:
    run(name)
times = {name: [] for name in commands}
for _ in range(runs):
    for name in commands:
        times[name].append(run(name))

size = os.path.getsize(log)
print(f"{size:,} bytes, median (fastest) of {runs} alternating runs, warm cache, {os.cpu_count()} cores")
median = {name: statistics.median(t) for name, t in times.items()}
for name, seconds in median.items():
    print(f"{name:7} {seconds * 1000:8.1f} ms ({min(times[name]) * 1000:.1f})  {size / seconds / 1e9:.2f} GB/s")
for name in list(median)[1:]:
    print(f"npmfix / {name:5} {median['npmfix'] / median[name]:.2f}")
print(f"npmfix peak memory {peak():.1f} MiB")

planted, missed, others = findings()
print(f"planted errors found {len(planted) - len(missed)} of {len(planted)}, others answered {len(others)}")
for line, code in missed:
    print(f"  missed: {code} in line {line}")
for d in others[:20]:
    print(f"  not planted: {d['code']} in lines {d['first_line']} to {d['last_line']}, {d['count']} times")
sys.exit(1 if missed or others else 0)
PYTHON
