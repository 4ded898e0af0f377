# SPDX-License-Identifier: GPL-2.0-only
"""`make sim-report`: runs the scenarios, keeps tables and CSV files, makes SVG plots with gnuplot, and a page of all."""
import argparse
import glob
import html
import os
import subprocess
import sys

SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios")
KINDS = ("timeline", "skew", "error")


def name_of(path):
    return os.path.splitext(os.path.basename(path))[0]


def run_scenarios(sim, folder):
    """The output of all runs, by scenario file."""
    texts = {}
    for path in sorted(glob.glob(os.path.join(SCENARIOS, "*.sim"))):
        done = subprocess.run([sim, "--table", "--fast", "--report", folder, path], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        texts[path] = done.stdout.decode("utf-8", "replace")
        print(texts[path], end="", flush=True)
    return texts


def plot(folder):
    failed = False
    for script in sorted(glob.glob(os.path.join(folder, "*.gp"))):
        done = subprocess.run(["gnuplot", script], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode != 0:
            failed = True
            print(f"{script}: {done.stdout.decode('utf-8', 'replace')}")
    return failed


def runs_of(scenario, texts, folder):
    """The names of its runs: its own, or with the variant behind. Another scenario's name may begin like it."""
    names = {name_of(path) for path in texts}
    runs = sorted(name_of(path) for path in glob.glob(os.path.join(folder, "*.gp")))
    return [run for run in runs
            if max((n for n in names if run == n or run.startswith(n + "-")), key=len) == scenario]


def page(texts, folder):
    out = ["<!DOCTYPE html><meta charset=utf-8><title>Scheduling simulator</title>",
           "<style>body{font-family:sans-serif;margin:2em}pre{overflow-x:auto}"
           "img{max-width:100%;display:block}</style><h1>Scheduling simulator</h1>"]
    for path, text in texts.items():
        name = name_of(path)
        with open(path, encoding="utf-8") as f:
            source = f.read()
        out.append(f"<h2>{html.escape(name)}</h2><pre>{html.escape(source)}</pre>")
        out.append(f"<pre>{html.escape(text)}</pre>")
        for run in runs_of(name, texts, folder):
            for kind in KINDS:
                out.append(f'<img src="{run}-{kind}.svg" alt="{html.escape(run)}: {kind}">')
    with open(os.path.join(folder, "index.html"), "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sim", default="build/sim/fast")
    parser.add_argument("--folder", default="build/sim-report")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    for old in glob.glob(os.path.join(args.folder, "*")):
        os.remove(old)
    texts = run_scenarios(args.sim, args.folder)
    failed = plot(args.folder)
    page(texts, args.folder)
    print(f"{args.folder}/index.html")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
