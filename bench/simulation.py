"""Simulation: the paper's findings on fresh seeds, PRM beside ORM, votes and no label; chosen labels beside drawn ones.

Runs `manage.py simulate` with its defaults and prints the tables of its reports. `--report DIR` prints those of a report that is there.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RULES = ("prm", "orm", "orm_same", "majority", "weighted_prm", "zero_label", "pass_at_n")
EXPERIMENTS = {
    "best-of-n": ["best-of-n"],
    "active-learning": ["active-learning"],
    "increasing": ["best-of-n", "--domain", "increasing"],
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--only", choices=EXPERIMENTS, action="append")
    options.add_argument("--report", type=Path, action="append", default=[], metavar="DIR")
    given = options.parse_args()
    if given.report:
        for folder in given.report:
            table(json.loads((folder / "report.json").read_text()))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only or EXPERIMENTS:
            output = Path(folder) / name
            words = [*EXPERIMENTS[name], "--seeds", str(given.seeds), "--output", str(output)]
            subprocess.run([sys.executable, str(ROOT / "manage.py"), "simulate", *words], check=True)
            table(json.loads((output / "report.json").read_text()))


def table(report: dict[str, Any]) -> None:
    seeds = report["seeds"]["reported"]
    seconds = report["cpu_seconds"]
    print(f"\n{report['experiment']}, {report['domain']}, seeds {seeds[0]} to {seeds[-1]}; ", end="")
    print(f"CPU-seconds a seed {min(seconds):.0f} to {max(seconds):.0f}\n")
    if report["experiment"] == "best-of-n":
        places, lines = report["n"], {rule: report[rule] for rule in RULES if report[rule]}
        rows(["N", *places], {**lines, **report["differences"]})
    else:
        lines = {name: report[name] for name in report["strategies"]}
        rows(["labels", *report["labels"]], lines)
        rows(["beside them", "value"], report["controls"])
        print("| ratio to uniform | value | 95 % interval |\n| --- | --- | --- |")
        for name, found in report["ratio"].items():
            print(f"| {name} | {number(found['value'])} | {number(found['low'])} to {number(found['high'])} |")
    print("\nSeed by seed: ", end="")
    last = {name: [row[-1] for row in line["per_seed"]] for name, line in lines.items()}
    print("; ".join(f"{name} {' '.join(number(value) for value in values)}" for name, values in last.items()))


def rows(head: list[Any], lines: dict[str, Any]) -> None:
    print("| " + " | ".join(map(str, head)) + " |\n|" + " --- |" * len(head))
    for name, line in lines.items():
        cells = []
        for place, mean in enumerate(line["mean"]):
            between = "" if line["low"] is None else f" ({number(line['low'][place])} to {number(line['high'][place])})"
            cells.append(number(mean) + between)
        print(f"| {name} | " + " | ".join(cells) + " |")
    print()


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"


if __name__ == "__main__":
    main()
