# Copyright (c) 2026, tfe.admin contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures what the collection costs, against its goals: make bench.

Everything runs from the built and installed collection, and every server in a process of its own. What is compared runs
in turns (A, B, A, B...), each figure is the median of the ratios of the turns. "Task" means what a task adds to a play:
each turn also runs an empty play, whose time is taken off both sides; the JSON has the whole times.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from ..gates import stage
from .running import HERE, Bench, Instance

OUTPUT = stage.CHECKOUT / "tests/output/bench.json"

SIMULATOR = "simulator"
REPLAY = "replay of the simulator's answers"
PROFILES = ("202012-1", "202103-1", "202301-1", "2.1")
CONNECTIONS = 8
PAGE = 100
SINGLE = "tfe.admin.tfe_module_consumers"
MANY = "tfe.admin.tfe_registry_sharing"
EMPTY: list[dict[str, Any]] = []
PING: list[dict[str, Any]] = [{"ansible.builtin.ping": {}}]


class Goal(NamedTuple):
    """The most that a figure may be, or the least."""

    limit: float
    at_least: bool = False

    def is_met_by(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:.3g}"


@dataclass
class Figure:
    """One line of the table. ``samples``: what each turn measured, in seconds unless the name says otherwise."""

    name: str
    goal: Goal
    measured: float
    server: str
    samples: dict[str, list[float]] = field(default_factory=dict)
    note: str = ""

    @property
    def verdict(self) -> str:
        return "met" if self.goal.is_met_by(self.measured) else "MISSED"


# What is asked for.


def teams(count: int) -> list[str]:
    """The names that the simulator generates."""
    return [f"team-{number:05}" for number in range(1, count + 1)]


def sharing(consumers: int) -> list[dict[str, Any]]:
    """The organization platform, sharing with so many."""
    return [{"name": "platform", "module_consumers": teams(consumers)}]


def matrix(count: int) -> list[dict[str, Any]]:
    """So many producers that share with three of fifty teams each."""
    names = teams(50)
    return [
        {"name": f"producer-{i:03}", "module_consumers": [names[(i + j) % 50] for j in range(3)]} for i in range(count)
    ]


def wanted(organization: dict[str, Any]) -> dict[str, Any]:
    """What a task asks for that shall leave an organization as it is."""
    return {"organization": organization["name"], "consumers": organization["module_consumers"]}


def entry(organization: dict[str, Any]) -> dict[str, Any]:
    """The same as one of many producers."""
    return {"organization": organization["name"], **{key: organization[key] for key in organization if key != "name"}}


def task(consumers: int) -> list[dict[str, Any]]:
    """One task that changes nothing. A long list comes from the variable of that name, as in the uri playbook."""
    return [{SINGLE: {"organization": "platform", "consumers": "{{ consumers }}" if consumers > 1 else teams(1)}}]


# How it is measured.


def turns(count: int, *jobs: Callable[[], float]) -> list[list[float]]:
    """What each job takes in each turn; a first turn warms everything up and does not count."""
    for job in jobs:
        job()
    rounds = [[job() for job in jobs] for _turn in range(count)]
    return [list(samples) for samples in zip(*rounds, strict=True)]


def ratio(ours: list[float], theirs: list[float], less: list[float]) -> float:
    """The median over the turns, with ``less`` taken off both."""
    return statistics.median((a - c) / (b - c) for a, b, c in zip(ours, theirs, less, strict=True))


def expect(instance: Instance, requests: int, runs: int) -> None:
    """Raises RuntimeError unless each run sent so many: what does not do the whole job must not be compared."""
    sent = len(instance.journal())
    if sent != requests * runs:
        raise RuntimeError(f"{runs} runs of {requests} requests each were expected, {sent} requests were sent.")


# The rows.


def unchanged_tasks(bench: Bench, count: int) -> Iterator[Figure]:
    """21 tasks that have nothing to change, and 21 of Ansible's own that do nothing at all."""
    with bench.simulator(sharing(1), teams=1) as server:
        ours, pings, empty = turns(
            count,
            lambda: bench.play(task(1) * 21, server),
            lambda: bench.play(PING * 21, server),
            lambda: bench.play(EMPTY, server),
        )
        expect(server, 2 * 21, count + 1)
    samples = {"21 tasks": ours, "21 pings": pings, "empty play": empty}
    yield Figure("21 unchanged tasks / 21 ping tasks", Goal(1.35), ratio(ours, pings, empty), SIMULATOR, samples)


def against_uri(consumers: int, limit: float) -> Callable[[Bench, int], Iterator[Figure]]:
    """One unchanged task, and uri.yml, which does the same."""

    def row(bench: Bench, count: int) -> Iterator[Figure]:
        variables = {"consumers": teams(consumers)}
        with bench.simulator(sharing(consumers), teams=consumers) as server:
            ours, uri, empty = turns(
                count,
                lambda: bench.play(task(consumers), server, variables),
                lambda: bench.play(HERE / "uri.yml", server, variables),
                lambda: bench.play(EMPTY, server, variables),
            )
            expect(server, 2 * (1 + math.ceil(consumers / PAGE)), count + 1)
        samples = {"task": ours, "uri tasks": uri, "empty play": empty}
        name = f"{consumers:,} consumer{'s' if consumers > 1 else ''}, unchanged: task / uri tasks"
        yield Figure(name, Goal(limit), ratio(ours, uri, empty), SIMULATOR, samples)

    return row


@contextmanager
def far_away(bench: Bench, organizations: list[dict[str, Any]], latency: float, generated: int) -> Iterator[Instance]:
    """Seconds before each answer, and next to no time for the answer itself."""
    with bench.simulator(organizations, teams=generated) as original, bench.replay(original, latency) as server:
        yield server


def reading_at_50_ms(bench: Bench, count: int) -> Iterator[Figure]:
    """10,000 consumers far away: reading alone, in the module's process."""
    limit = 0.05 * (1 + 1 + math.ceil(99 / CONNECTIONS))
    with far_away(bench, sharing(10_000), 0.05, 10_000) as server:
        (seconds,) = turns(count, lambda: bench.read("platform", server).seconds)
        expect(server, 101, count + 1)
    measured = statistics.median(seconds) / limit
    name = f"10,000 consumers, 50 ms: reading / limit of {limit:.2f} s"
    yield Figure(name, Goal(1.2), measured, REPLAY, {"reading": seconds})


def task_at_50_ms(bench: Bench, count: int) -> Iterator[Figure]:
    """The same, the whole task."""
    limit = 0.05 * (1 + 1 + math.ceil(99 / CONNECTIONS))
    variables = {"consumers": teams(10_000)}
    with far_away(bench, sharing(10_000), 0.05, 10_000) as server:
        ours, pings = turns(
            count,
            lambda: bench.play(task(10_000), server, variables),
            lambda: bench.play(PING, server, variables),
        )
        expect(server, 101, count + 1)
    measured = statistics.median(a - b for a, b in zip(ours, pings, strict=True)) / limit
    name = f"10,000 consumers, 50 ms: (task - ping) / limit of {limit:.2f} s"
    yield Figure(name, Goal(2.0), measured, REPLAY, {"task": ours, "ping": pings})


def rate_limit(bench: Bench, count: int) -> Iterator[Figure]:
    """10,000 consumers from a server that takes 30 requests a second."""
    seconds, answers = [], []
    with bench.simulator(sharing(10_000), teams=10_000, options=["--rate-limit", "30"]) as server:
        for _turn in range(count):
            seconds.append(bench.read("platform", server).seconds)
            answers.append(float(refused(server)))
    measured = 101 / statistics.median(seconds) / 30
    name = "10,000 consumers, 30 requests/s: throughput / limit"
    yield Figure(name, Goal(0.9, at_least=True), measured, SIMULATOR, {"reading": seconds})
    name = "10,000 consumers, 30 requests/s: answers with 429"
    yield Figure(name, Goal(3), max(answers), SIMULATOR, {"answers with 429": answers}, "the most of all runs")


def matrix_against_loop(bench: Bench, count: int) -> Iterator[Figure]:
    """200 producers, unchanged: one task, and a loop of the single module."""
    producers = matrix(200)
    variables = {"producers": list(map(entry, producers))}
    loop = {
        SINGLE: {"organization": "{{ item.organization }}", "consumers": "{{ item.module_consumers }}"},
        "loop": "{{ producers }}",
        "loop_control": {"label": "{{ item.organization }}"},
    }
    with far_away(bench, producers, 0.02, 50) as server:
        ours, theirs, empty = turns(
            count,
            lambda: bench.play([{MANY: {"producers": "{{ producers }}"}}], server, variables),
            lambda: bench.play([loop], server, variables),
            lambda: bench.play(EMPTY, server, variables),
        )
        expect(server, 3 + 200 + 2 * 200, count + 1)
    samples = {"one task": ours, "loop": theirs, "empty play": empty}
    name = "200 producers, 20 ms, unchanged: one task / loop"
    yield Figure(name, Goal(1 / 30), ratio(ours, theirs, empty), REPLAY, samples)


def matrix_against_latency(bench: Bench, count: int) -> Iterator[Figure]:
    """200 producers, unchanged: what one task takes beyond ping, and what latency alone would take."""
    producers = matrix(200)
    variables = {"producers": list(map(entry, producers))}
    # The first page of the 250 organizations, the other two side by side, then the lists of all producers.
    limit = 0.02 * (1 + 1 + math.ceil(200 / CONNECTIONS))
    with far_away(bench, producers, 0.02, 50) as server:
        ours, pings = turns(
            count,
            lambda: bench.play([{MANY: {"producers": "{{ producers }}"}}], server, variables),
            lambda: bench.play(PING, server, variables),
        )
        expect(server, 3 + 200, count + 1)
    measured = statistics.median(a - b for a, b in zip(ours, pings, strict=True)) / limit
    name = f"200 producers, 20 ms: (task - ping) / limit of {limit:.2f} s"
    yield Figure(name, Goal(1.25), measured, REPLAY, {"task": ours, "ping": pings})


def memory(bench: Bench, count: int) -> Iterator[Figure]:
    """The peak of the module's process with a long list, and with a short one."""

    def peak(consumers: int, server: Instance) -> float:
        arguments = {"organization": "platform", "consumers": teams(consumers)}
        return float(bench.run("tfe_module_consumers", arguments, server).peak)

    with (
        bench.simulator(sharing(10_000), teams=10_000) as large,
        bench.simulator(sharing(1), teams=1) as small,
    ):
        many, one = turns(count, lambda: peak(10_000, large), lambda: peak(1, small))
    samples = {"10,000 consumers, bytes": many, "1 consumer, bytes": one}
    measured = ratio(many, one, [0.0] * count)
    yield Figure("peak memory: 10,000 consumers / 1", Goal(1.25), measured, SIMULATOR, samples)


def tls_cpu(bench: Bench, count: int) -> Iterator[Figure]:
    """CPU over TLS, with all connections and with one."""
    arguments = {"organization": "platform", "consumers": teams(1000)}

    def cpu(connections: int) -> float:
        needed = bench.run(
            "tfe_module_consumers",
            arguments,
            server,
            MEASURED_CONNECTIONS=str(connections),
            TFE_CA_BUNDLE=bundle,
        )
        used = {exchange["connection"] for exchange in server.journal()}
        if len(used) != connections:
            raise RuntimeError(f"{connections} connections were expected, {len(used)} were used.")
        return needed.cpu

    # The latency gives every connection something to do, and costs no CPU.
    with bench.simulator(sharing(1000), teams=1000, options=["--tls", "--latency", "0.05"]) as server:
        # As long as a real one: loading it is what a context costs.
        bundle = bench.bundle(server)
        many, one = turns(count, lambda: cpu(CONNECTIONS), lambda: cpu(1))
    samples = {"8 connections, CPU": many, "1 connection, CPU": one}
    measured = ratio(many, one, [0.0] * count)
    yield Figure("1,000 consumers over TLS, CPU: 8 threads / 1", Goal(1.15), measured, SIMULATOR, samples)


def counts(bench: Bench, _count: int) -> Iterator[Figure]:
    """No times: how many requests are sent, over how many connections, and how many are answered with 429."""
    producers = matrix(12)
    everyone = {"name": "open", "global_modules": True}
    tasks = [*map(entry, producers), {"organization": "open", "global_module_sharing": True}]
    both = [{**producer, "provider_consumers": producer["module_consumers"][:2]} for producer in producers]
    for profile in PROFILES:
        options = ["--profile", profile]
        with bench.simulator([*sharing(251), *producers, everyone], teams=251, options=options) as server:
            bench.run("tfe_module_consumers", wanted(sharing(251)[0]), server)
            # Before 202103-1 a list comes whole and without a count: only a further look shows that it does.
            oldest = profile == "202012-1"
            yield _exactly(f"{profile}, 251 consumers", 1 + (2 if oldest else 3), server)
            bench.run("tfe_registry_sharing", {"producers": tasks}, server)
            yield _exactly(f"{profile}, 13 of 265 organizations", _formula(13, 265, lists=24 if oldest else 12), server)
        if profile < "202301-1" and profile != "2.1":
            continue
        with bench.simulator([*both, everyone], teams=251, options=options) as server:
            arguments = {"organization": both[0]["name"], "consumers": both[0]["provider_consumers"]}
            bench.run("tfe_provider_consumers", arguments, server)
            yield _exactly(f"{profile}, provider consumers", 2, server)
            bench.run("tfe_registry_sharing", {"producers": [*map(entry, both), tasks[-1]]}, server)
            yield _exactly(f"{profile}, 13 of 264 organizations, both kinds", _formula(13, 264, lists=24), server)
            bench.run("tfe_registry_sharing_info", {}, server)
            # All organizations, who shares each kind, and who does not; then the lists of those that do.
            yield _exactly(f"{profile}, who can use whose registry", 3 + 2 * (1 + 1) + 24, server)
    with bench.simulator(sharing(2000), teams=2000, options=["--latency", "0.02"]) as server:
        bench.read("platform", server)
        connections = len({exchange["connection"] for exchange in server.journal()})
    yield Figure("2,000 consumers: connections", Goal(CONNECTIONS), connections, SIMULATOR)
    # A low limit: a client without a pace meets it on a busy machine as well.
    with bench.simulator(sharing(2000), teams=2000, options=["--rate-limit", "10"]) as server:
        bench.read("platform", server)
        yield Figure("2,000 consumers, 10 requests/s: answers with 429", Goal(3), refused(server), SIMULATOR)


def few_of_many(bench: Bench, _count: int) -> Iterator[Figure]:
    """Fewer producers than the list of organizations has pages."""
    for count in (2, 3, 4):
        producers = matrix(count)
        with bench.simulator(producers, teams=900) as server:
            bench.run("tfe_registry_sharing", {"producers": list(map(entry, producers))}, server)
            yield _exactly(f"2.1, {count} of {900 + count} organizations", _formula(count, 900 + count, count), server)


def _formula(producers: int, organizations: int, lists: int) -> int:
    """The requests of an unchanged matrix; ``lists`` of them are for the consumers of who does not share globally."""
    return min(producers, math.ceil(organizations / PAGE)) + lists


def _exactly(what: str, expected: int, server: Instance) -> Figure:
    sent = len(server.journal())
    # Fewer than expected would be as wrong as more: somebody's consumers would not have been read.
    note = f"{sent} sent, {expected} expected"
    return Figure(f"requests beside the formula: {what}", Goal(0), abs(sent - expected), SIMULATOR, note=note)


def refused(server: Instance) -> int:
    """How many requests were answered with 429."""
    return sum(exchange["status"] == 429 for exchange in server.journal())


class Row(NamedTuple):
    """How to measure, and in how many turns unless told otherwise."""

    figures: Callable[[Bench, int], Iterator[Figure]]
    turns: int


ROWS = {
    "tasks": Row(unchanged_tasks, 5),
    "uri-1": Row(against_uri(1, 0.5), 9),
    "uri-250": Row(against_uri(250, 0.25), 9),
    "uri-10000": Row(against_uri(10_000, 0.05), 2),
    "reading": Row(reading_at_50_ms, 9),
    "task": Row(task_at_50_ms, 7),
    "rate-limit": Row(rate_limit, 5),
    "loop": Row(matrix_against_loop, 2),
    "matrix": Row(matrix_against_latency, 9),
    "memory": Row(memory, 5),
    "tls": Row(tls_cpu, 9),
    "counts": Row(counts, 1),
    "few-of-many": Row(few_of_many, 1),
}


def main(arguments: list[str]) -> int:
    """Returns 0 where every figure met its goal, else 1. Both ways everything is printed and written."""
    options = _parser().parse_args(arguments)
    stage.update()
    figures: list[Figure] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tfe-admin-bench-") as folder:
        bench = Bench(Path(folder))
        for name in options.rows or ROWS:
            row = ROWS[name]
            try:
                for figure in row.figures(bench, options.pairs or row.turns):
                    figures.append(figure)
                    print(_line(figure), flush=True)
            except RuntimeError as error:
                failed.append(name)
                print(f"{name} could not be measured: {error}", flush=True)
    _write(options.output, figures, failed)
    missed = sum(figure.verdict != "met" for figure in figures)
    print(f"{len(figures)} figures, {missed} missed, {len(failed)} rows not measured; every sample: {options.output}")
    return 1 if missed or failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), metavar="ROW", help=f"some of: {' '.join(ROWS)}")
    parser.add_argument("--pairs", type=int, metavar="N", help="turns for each row, in place of each row's own number")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="(default: %(default)s)")
    return parser


def _line(figure: Figure) -> str:
    note = f"  ({figure.note})" if figure.note else ""
    return f"{figure.name:<66} {figure.goal!s:>8} {figure.measured:>8.3f}  {figure.verdict}{note}"


def _write(path: Path, figures: list[Figure], failed: list[str]) -> None:
    # The load at the end says whether the machine had more to do than this.
    machine = {
        "load average": os.getloadavg(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "ansible-core": version("ansible-core"),
    }
    rows = [{**asdict(figure), "goal": str(figure.goal), "verdict": figure.verdict} for figure in figures]
    everything = {"machine": machine, "figures": rows, "not measured": failed}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(everything, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
