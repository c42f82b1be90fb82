"""Statistics of pairs that were measured one right after the other: by how much the two of a pair differ.

The estimate is that of Hodges and Lehmann, the median of all averages of two differences; its interval is the one that belongs to
Wilcoxon's signed-rank test. It is exact for any number of pairs, asks of the noise no more than that it is symmetric, and one pair that
a neighbour on the machine disturbed moves it little. (Hollander, Wolfe, Chicken: Nonparametric Statistical Methods, 3.2 and 3.3.)
"""

import dataclasses
import math
import statistics


@dataclasses.dataclass
class Interval:
    estimate: float
    low: float
    high: float
    confidence: float  # attained: at least what was asked for, or less where the pairs are too few for it

    def half_width(self):
        return (self.high - self.low) / 2


def signed_rank_counts(pairs):
    """How many of the 2^pairs ways to sign the ranks 1..pairs have the sum 0, 1, ... of positive ranks."""
    counts = [1]
    for rank in range(1, pairs + 1):
        longer = counts + [0] * rank
        for i, count in enumerate(counts):
            longer[i + rank] += count
        counts = longer
    return counts


def depth(pairs, confidence):
    """The interval reaches from this smallest average of two to this largest, counted from 1; with the confidence that it attains."""
    ways, below, best = 2 ** pairs, 0, 0
    attained = 0.0
    for count in signed_rank_counts(pairs):
        if 2 * (below + count) > (1 - confidence) * ways:
            break
        below += count
        best += 1
        attained = 1 - 2 * below / ways
    return (best, attained) if best else (1, 1 - 2 / ways)


def interval(differences, confidence=0.95):
    """Of the centre of the differences."""
    if not differences:
        raise ValueError("no pairs")
    averages = sorted((a + b) / 2 for i, a in enumerate(differences) for b in differences[i:])
    at, attained = depth(len(differences), confidence)
    return Interval(statistics.median(averages), averages[at - 1], averages[-at], attained)


def ratio(with_, without, confidence=0.95):
    """Of with_ / without, pair by pair: ratios are differences of logarithms."""
    told = interval([math.log(a / b) for a, b in zip(with_, without, strict=True)], confidence)
    return Interval(*(math.exp(value) for value in (told.estimate, told.low, told.high)), told.confidence)
