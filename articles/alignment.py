"""What two sequences have in common, in their order: of words, of paragraphs. No database.

`difflib` finds what people would mark, but on long texts it works for minutes. So texts are first cut at words that
each of them has just once, and only the short stretches in between are left to it. The time grows with the length.
"""

from bisect import bisect_left
from collections import Counter
from difflib import SequenceMatcher

SHORT = 2500  # pairs of words that `difflib` compares in milliseconds, whatever they are
DEEPEST = 8  # cuts within cuts; prose needs three


def opcodes(old, new):
    """How `old` became `new`, as `SequenceMatcher.get_opcodes` says it: [(kind, start, end, start, end), …]."""
    found, i, j = [], 0, 0
    for run_i, run_j, size in _runs([*pairs(old, new), (len(old), len(new))]):
        if i < run_i or j < run_j:
            kind = "delete" if j == run_j else "insert" if i == run_i else "replace"
            found.append((kind, i, run_i, j, run_j))
        i, j = min(run_i + size, len(old)), min(run_j + size, len(new))
        if run_i < i:
            found.append(("equal", run_i, i, run_j, j))
    return found


def ratio(old, new):
    """Which share of both is common and in the same order, from 0 to 1."""
    return 2 * len(pairs(old, new)) / (len(old) + len(new)) if old or new else 1


def pairs(old, new):
    """[(position in old, position in new), …] of what both have in common, in order."""
    numbers = {}
    old, new = ([numbers.setdefault(part, len(numbers)) for part in parts] for parts in (old, new))
    found = []
    _pair(old, new, (0, len(old), 0, len(new)), found, DEEPEST)
    return found


def _pair(old, new, stretch, found, depth):
    i, end, j, end_j = stretch
    while i < end and j < end_j and old[i] == new[j]:
        found.append((i, j))
        i, j = i + 1, j + 1
    tail = 0
    while i < end - tail and j < end_j - tail and old[end - tail - 1] == new[end_j - tail - 1]:
        tail += 1
    _pair_changed(old, new, (i, end - tail, j, end_j - tail), found, depth)
    found += [(end - left, end_j - left) for left in range(tail, 0, -1)]


def _pair_changed(old, new, stretch, found, depth):
    """Of a stretch that begins and ends with a change. A long one without a cut has nothing that is worth finding."""
    i, end, j, end_j = stretch
    if (end - i) * (end_j - j) <= SHORT:
        blocks = SequenceMatcher(None, old[i:end], new[j:end_j], autojunk=False).get_matching_blocks()
        found += [(i + at + n, j + at_j + n) for at, at_j, size in blocks for n in range(size)]
    elif depth and (cuts := _cuts(old, new, stretch)):
        for cut, cut_j in cuts:
            _pair(old, new, (i, cut, j, cut_j), found, depth - 1)
            found.append((cut, cut_j))
            i, j = cut + 1, cut_j + 1
        _pair(old, new, (i, end, j, end_j), found, depth - 1)


def _cuts(old, new, stretch):
    """The positions of what stands once in each, as many as follow each other in both."""
    i, end, j, end_j = stretch
    once, once_in_new = Counter(old[i:end]), Counter(new[j:end_j])
    places = {part: place for place, part in enumerate(new[j:end_j], start=j) if once_in_new[part] == 1}
    both = [(at, places[part]) for at, part in enumerate(old[i:end], start=i) if once[part] == 1 and part in places]
    return _longest_rise(both)


def _longest_rise(points):
    """The longest chain of `points`, rising in the first, that rises in the second as well."""
    ends, lasts, before = [], [], {}
    for point in points:
        place = bisect_left(ends, point[1])
        ends[place : place + 1], lasts[place : place + 1] = [point[1]], [point]
        before[point] = lasts[place - 1] if place else None
    chain, point = [], lasts[-1] if lasts else None
    while point:
        chain.append(point)
        point = before[point]
    return chain[::-1]


def _runs(points):
    """`points` as [(position, position, how many follow each other in both), …]."""
    runs = []
    for i, j in points:
        if runs and (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]) == (i, j):
            runs[-1][2] += 1
        else:
            runs.append([i, j, 1])
    return runs
