"""A report as one page of HTML: sentences, figures and tables in one file that asks for nothing else, light or dark."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

Report = Mapping[str, Any]

_TITLES = {
    "best-of-n": "Picking among N samples",
    "active-learning": "Accuracy against the number of labels",
    "replay": "Accuracy against the number of labels, replayed on a file",
}
_NAMES = {
    "prm": "Process reward model",
    "orm": "Outcome reward model",
    "orm_same": "Outcome model, same solutions",
    "majority": "Majority vote",
    "weighted_prm": "Vote weighted by PRM",
    "weighted_orm": "Vote weighted by ORM",
    "zero_label": "No label at all",
    "first_labels": "First labels alone",
    "pass_at_n": "Any right",
    "uniform": "Uniform choice",
    "mixed": "80/20",
    "convincing_wrong": "Convincing wrong",
    "uncertainty": "Uncertainty",
}
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --pale: #5a5a5a; --ground: #fbfbf9; --rule: #d6d6d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e4; --pale: #a8a8a2; --ground: #181816; --rule: #3c3c38; } }
body { margin: 2rem auto; max-width: 54rem; padding: 0 1rem; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p.what { color: var(--pale); } li { margin: .35rem 0; }
figure { margin: 1.5rem 0; } figure img { width: 100%; max-width: 38rem; background: #fff;
  border-radius: 6px; padding: .5rem; box-sizing: border-box; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--pale); padding: .3rem 0; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child { text-align: left; } td small { color: var(--pale); } summary { cursor: pointer; margin: .8rem 0; }
pre { overflow-x: auto; font-size: .8rem; }
"""


def page(report: Report, figures: Sequence[Path]) -> str:
    """The whole file's text. `figures` are SVG files, taken in as data."""
    parts = [
        f"<h1>{escape(_TITLES[report['experiment']])}</h1>",
        f'<p class="what">{escape(_what(report))}</p>',
        "<h2>Findings</h2><ul>",
        *(f"<li>{escape(finding)}</li>" for finding in report["findings"]),
        "</ul>",
        *(_figure(path, report) for path in figures),
        "<h2>Numbers</h2>",
        *_tables(report),
        "<h2>How it was made</h2>",
        f"<details><summary>Settings</summary><pre>{escape(_plain(report['settings']))}</pre></details>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(_TITLES[report['experiment']])}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _what(report: Report) -> str:
    seeds = report["seeds"]
    where = (
        f"Domain {report['domain']}, its oracle labels"
        if report.get("domain")
        else f"File {report['data']['name']}, its own labels"
    )
    tuned = ", ".join(map(str, seeds["tuned_on"]))
    return (
        f"{where}. Seeds {', '.join(map(str, seeds['reported']))}; settings were chosen on the seeds {tuned} alone. "
        "Values are means over seeds; in brackets the 95 % interval of the mean (Student's t)."
    )


def _figure(path: Path, report: Report) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    text = "Curves of the numbers below. " + report["findings"][0]
    return f'<figure><img alt="{escape(text)}" src="data:image/svg+xml;base64,{data}"></figure>'


def _tables(report: Report) -> list[str]:
    if report["experiment"] == "best-of-n":
        rules = [rule for rule in _NAMES if report.get(rule)]
        gaps = {name.replace("_less_", " less ").replace("_", " "): gap for name, gap in report["differences"].items()}
        return [
            _table("Share of problems solved", "N", report["n"], {_NAMES[rule]: report[rule] for rule in rules}),
            _table("Differences, seed by seed", "N", report["n"], gaps),
            _per_seed(report, "N", report["n"], rules),
        ]
    strategies = report["strategies"]
    constant = {_NAMES[name]: line for name, line in report["controls"].items()}
    return [
        _table("Accuracy", "labels", report["labels"], {_name(one): report[one] for one in strategies}),
        _table("Beside them", "", ["value"], constant),
        _ratios(report),
        _per_seed(report, "labels", report["labels"], strategies),
    ]


def _table(caption: str, head: str, places: Sequence[Any], lines: Mapping[str, Report]) -> str:
    rows = [
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{_cell(line, place)}</td>' for place in range(len(places)))}</tr>"
        for name, line in lines.items()
    ]
    return _framed(caption, head, places, rows)


def _framed(caption: str, head: str, places: Sequence[Any], rows: Sequence[str]) -> str:
    heads = "".join(f'<th scope="col">{place}</th>' for place in places)
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead><tr><th scope="col">{escape(head)}</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(line: Report, place: int) -> str:
    value = f"{line['mean'][place]:.3f}"
    if line["low"] is None:
        return value
    return f"{value} <small>({line['low'][place]:.3f} to {line['high'][place]:.3f})</small>"


def _per_seed(report: Report, head: str, places: Sequence[int], names: Sequence[str]) -> str:
    rows = [
        f"<tr><th>{escape(_name(name))}, seed {seed}</th>{''.join(f'<td>{value:.3f}</td>' for value in values)}</tr>"
        for name in names
        for seed, values in zip(report["seeds"]["reported"], report[name]["per_seed"], strict=True)
    ]
    return f"<details><summary>Every seed's own values</summary>{_framed('Seed by seed', head, places, rows)}</details>"


def _ratios(report: Report) -> str:
    rows = []
    for name, found in report["ratio"].items():
        value = "–" if found["value"] is None else f"{found['value']:.2f}"
        between = "–" if found["low"] is None else f"{found['low']:.2f} to {found['high']:.2f}"
        rows.append(f"<tr><th>{escape(_name(name))}</th><td>{value}</td><td>{between}</td></tr>")
    return _framed(
        "Labels that uniform choice needs for one of these, at equal accuracy", "", ["ratio", "95 % interval"], rows
    )


def _name(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " ").capitalize())


def _plain(settings: Report) -> str:
    return "\n".join(f"{name}: {value}" for name, value in settings.items())
