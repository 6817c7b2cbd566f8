"""Tables, on the terminal and in a Markdown file."""

import math
import re
from dataclasses import dataclass, field

BEGIN, END = "<!-- compare.py: begin -->", "<!-- compare.py: end -->"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def milliseconds(value):
    """Three digits that mean something."""
    digits = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:.{max(0, digits)}f}"


@dataclass
class Section:
    """A table with a title, and a line below it."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    summary: str = ""

    def start(self):
        print(f"\n{self.title}")
        # The first column and that of cells have words.
        self._widths = [max(len(column), 20 if index == 0 or column == "cell" else 9)
                        for index, column in enumerate(self.columns)]
        self._print(self.columns)

    def add(self, row):
        self.rows.append(row)
        self._print(row)

    def end(self, summary):
        self.summary = summary
        print(summary, flush=True)

    def _print(self, cells):
        first, *others = zip(cells, self._widths)
        print(first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others), sep="  ",
              flush=True)

    def markdown(self, setting):
        def line(cells):
            return "| " + " | ".join(cells) + " |\n"

        rule = ["---"] + ["---:"] * (len(self.columns) - 1)
        return (f"### {self.title}\n\n" + line(self.columns) + line(rule)
                + "".join(map(line, self.rows)) + f"\n{self.summary}\n\n{setting}\n")


def rewrite(path, sections, setting):
    """Puts the sections between the markers of a file; others that are there stay as they are."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN)
    body, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"compare.py: {path} has no lines {BEGIN} and {END}")
    kept = {}
    for part in re.split(r"^(?=### )", body, flags=re.MULTILINE):
        if part.startswith("### "):
            kept[part.splitlines()[0][4:]] = part.strip() + "\n"
    for section in sections:
        kept[section.title] = section.markdown(setting)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n\n" + "\n".join(kept[title] for title in sorted(kept))
                   + "\n" + END + after)
