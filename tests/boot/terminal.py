# SPDX-License-Identifier: GPL-2.0-only
"""A terminal's screen, for tests: the control characters and ANSI sequences that the monitor uses."""
import re

SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b[^\[]")
# A sequence that has not arrived in full yet.
PARTIAL = re.compile(r"\x1b(\[[0-9;?]*)?$")


class Terminal:
    def __init__(self, columns=80, rows=24):
        self.columns, self.rows = columns, rows
        self.row = self.column = 0
        self.rest = ""
        self.erase_screen()

    def erase_screen(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def scroll(self):
        self.row += 1
        if self.row == self.rows:
            self.cells = self.cells[1:] + [[" "] * self.columns]
            self.row -= 1

    def put(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self.scroll()
        elif c == "\b":
            self.column = max(self.column - 1, 0)
        elif c >= " ":
            if self.column == self.columns:
                self.column = 0
                self.scroll()
            self.cells[self.row][self.column] = c
            self.column += 1

    def sequence(self, parameters, final):
        numbers = [int(p) if p.isdigit() else 0 for p in parameters.split(";")] + [0]
        if final == "H":
            self.row = min(max(numbers[0], 1), self.rows) - 1
            self.column = min(max(numbers[1], 1), self.columns) - 1
        elif final == "J" and numbers[0] == 2:
            self.erase_screen()
        elif final == "K" and numbers[0] == 0:
            self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)

    def feed(self, text):
        text, at = self.rest + text, 0
        partial = PARTIAL.search(text)
        self.rest = partial[0] if partial else ""
        text = text[:len(text) - len(self.rest)]
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found:
                if found[2]:
                    self.sequence(found[1], found[2])
                at = found.end()
            else:
                self.put(text[at])
                at += 1
