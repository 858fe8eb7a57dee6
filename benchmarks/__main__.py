"""Measure Trazo and write the figures to benchmarks/RESULTS.md and benchmarks/results.json."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import (
    browser,
    classroom,
    cluster,
    copies,
    crops,
    drawings,
    embedding_map,
    finish,
    forms,
    hands,
    inside,
    load,
    novelty,
    numbers,
    photos,
    presets,
    reading,
    reading_baselines,
    robustness,
    runs_page,
    serving,
    start,
    sweep,
    training,
)
from benchmarks.report import Figure, write


@dataclass(frozen=True)
class Section:
    """A section of the report; `option` names the command-line option that is passed to `measure`."""

    title: str
    measure: Callable[..., Sequence[Figure]]
    seeds: Sequence[int] = ()
    slow: bool = False
    option: str = ""


SECTIONS = {
    "speed": Section("Prediction speed", reading.speed, [reading.SEED]),
    "sidebyside": Section(
        "Prediction speed compared with Keras", reading_baselines.side_by_side, [reading_baselines.SEED]
    ),
    "accuracy": Section("Accuracy of the shipped model", reading.accuracy, [reading.SEED]),
    "robustness": Section("Robustness of the shipped model", robustness.curves, [robustness.SEED]),
    "novelty": Section("Calibration and out-of-distribution detection", novelty.novelty, [novelty.SEED]),
    "map": Section("Map of the data", embedding_map.embedding_map),
    "numbers": Section("Numbers of several digits", numbers.numbers, [numbers.SEED]),
    "photos": Section("Accuracy on synthetic photos and image files", photos.photos, [photos.SEED]),
    "forms": Section("Accuracy on synthetic forms", forms.forms, [forms.SEED]),
    "crops": Section("Agreement on tightly cropped pictures", crops.crops, [photos.SEED, crops.SEED]),
    "drawings": Section("Drawings on the canvas and as pictures", drawings.drawings, [drawings.SEED]),
    "serving": Section("Startup time and idle cost of the dashboard", serving.serving),
    "runs": Section("Runs page with 100 runs", runs_page.runs_page, [runs_page.SEED]),
    "browser": Section("Latency from pen-up to prediction", browser.pen_to_prediction, [browser.SEED]),
    "hands": Section("Fine-tuning to one person's handwriting", hands.hands, [hands.SEED]),
    "class": Section("A class taking the exam at the same time", classroom.classroom, [classroom.SEED]),
    "replicas": Section("Copies of the dashboard behind nginx", copies.copies),
    "inside": Section("Inside page", inside.inside, [inside.SEED]),
    "start": Section("Startup time of a training run", start.start),
    "finish": Section("Duration of a training, and of stopping one", finish.finish),
    "sweep": Section("A sweep of 20 trials", sweep.sweep, [sweep.SEED], slow=True),
    "cluster": Section("Training on a Ray cluster", cluster.cluster, slow=True),
    "load": Section("Load test during training", load.load, [load.SEED], slow=True, option="minutes"),
    "training": Section(
        "Training time to 99% accuracy",
        training.time_to_target,
        range(1, training.SEEDS + 1),
        slow=True,
        option="seeds",
    ),
    "best": Section("Accuracy of the `best` preset", presets.best, presets.SEEDS, slow=True, option="seeds"),
    "tiny": Section("Accuracy of the `tiny` preset", presets.tiny, presets.SEEDS, slow=True, option="seeds"),
}


def main() -> None:
    """Measure the sections named on the command line."""
    parser = _parser()
    options = parser.parse_args()
    unknown = sorted(set(options.sections) - set(SECTIONS))
    if unknown:
        parser.error(f"unknown section: {', '.join(unknown)}. Choose from {', '.join(SECTIONS)}.")
    default = [name for name, section in SECTIONS.items() if options.long or not section.slow]
    for name in options.sections or default:
        option = SECTIONS[name].option
        _measure(name, getattr(options, option) if option else None)


def _parser() -> argparse.ArgumentParser:
    rows = [f"  {name:<12}{section.title}{' (slow)' if section.slow else ''}" for name, section in SECTIONS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog="\n".join(["sections:", *rows]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help="sections to measure (default: all except the slow ones)"
    )
    parser.add_argument("--long", action="store_true", help="include the slow sections in the default")
    parser.add_argument(
        "--seeds",
        type=count,
        metavar="N",
        help=f"number of seeds (default: {training.SEEDS} in `training`, {len(presets.SEEDS)} in `best` and `tiny`)",
    )
    parser.add_argument(
        "--minutes",
        type=minutes,
        metavar="M",
        help=f"duration of each load test in `load` (default: {load.MINUTES:g})",
    )
    return parser


def count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1. Received: {text}")
    return number


def minutes(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"must be greater than 0. Received: {text}")
    return number


def _measure(name: str, value: float | None) -> None:
    """Measure one section, print its figures and write them to the report."""
    section = SECTIONS[name]
    print(f"{section.title} …", flush=True)
    figures = section.measure() if value is None else section.measure(value)
    for figure in figures:
        print(f"  {figure.name}: {figure.value:,.2f} {figure.unit}")
    if not figures:
        print("  Skipped: this section needs something that is missing, such as MNIST, the pen digits or Chromium.")
        return
    command = f"make bench ARGS={name}" if value is None else f'make bench ARGS="{name} --{section.option} {value:g}"'
    seeds = section.seeds
    if section.option == "seeds" and value:
        seeds = range(seeds[0], seeds[0] + int(value))
    write(section.title, figures, command, seeds)


if __name__ == "__main__":
    main()
