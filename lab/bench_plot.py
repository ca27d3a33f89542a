# SPDX-License-Identifier: GPL-2.0
"""Plots as SVG: lines over x, and bars"""

from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 360, 80, 190, 34, 46
COLOURS = ("#0b6e99", "#c1432e", "#5b8c2a", "#8c5bb0", "#d98e04", "#555555", "#2a9d8f", "#b05b7f",
           "#7a4b1e", "#9ab8d3", "#e3a7a0", "#a9cf8f")


def text(x, y, words, anchor="middle", size=12):
    return '<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d">%s</text>' % (
        x, y, anchor, size, escape(words))


def nice(top):
    """A round number, not below"""
    step = 1
    while True:
        for m in (1, 2, 5):
            if top <= m * step * 5:
                return m * step, m * step * 5
        step *= 10


def number(n):
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if n >= unit:
            return "%g%s" % (n / unit, name)
    return "%g" % n


class Plot:
    def __init__(self, title, top):
        self.step, self.top = nice(top or 1)
        self.parts = [text(LEFT, 20, title, "start", 14)]
        for i in range(6):
            y = self.y(i * self.step)
            self.parts.append('<path d="M%d %.1fH%d" stroke="#ccc"/>' % (LEFT, y, WIDTH - RIGHT))
            self.parts.append(text(LEFT - 6, y + 4, number(i * self.step), "end"))

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)

    def legend(self, i, name):
        y = TOP + 12 + 18 * i
        self.parts.append('<rect x="%d" y="%d" width="12" height="12" fill="%s"/>' % (
            WIDTH - RIGHT + 12, y - 10, COLOURS[i % len(COLOURS)]))
        self.parts.append(text(WIDTH - RIGHT + 30, y, name, "start", 11))

    def write(self, path):
        with open(path, "w") as f:
            f.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" '
                    'font-family="sans-serif">\n<rect width="100%%" height="100%%" '
                    'fill="#fff"/>\n%s\n</svg>\n' % (WIDTH, HEIGHT, "\n".join(self.parts)))


def lines(path, title, x_name, series):
    """series: {name: [(x, y), ...]}"""
    points = [p for s in series.values() for p in s]
    plot = Plot(title, max(y for _, y in points))
    last = max(x for x, _ in points)

    def at(x):
        return LEFT + x / last * (WIDTH - LEFT - RIGHT)

    for x in sorted({x for x, _ in points}):
        if len({p[0] for p in points}) <= 8 or not x % 200:
            plot.parts.append(text(at(x), HEIGHT - BOTTOM + 18, "%g" % x))
    plot.parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_name))
    for i, (name, s) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        plot.parts.append('<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>' % (
            colour, " ".join("%.1f,%.1f" % (at(x), plot.y(y)) for x, y in sorted(s))))
        plot.legend(i, name)
    plot.write(path)


def bars(path, title, series):
    """series: {name: [(group, y), ...]}, each with the same groups"""
    groups = list(dict.fromkeys(g for s in series.values() for g, _ in s))
    plot = Plot(title, max(y for s in series.values() for _, y in s))
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    wide = room * 0.8 / len(series)
    for g, group in enumerate(groups):
        plot.parts.append(text(LEFT + room * (g + 0.5), HEIGHT - BOTTOM + 18, str(group)))
    for i, (name, s) in enumerate(series.items()):
        for group, y in s:
            x = LEFT + room * (groups.index(group) + 0.1) + wide * i
            plot.parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (
                x, plot.y(y), wide * 0.95, plot.y(0) - plot.y(y), COLOURS[i % len(COLOURS)]))
        plot.legend(i, name)
    plot.write(path)
