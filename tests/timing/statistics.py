"""Two samples of times: do they come from the same source?"""

import math
from statistics import NormalDist, fmean, variance


def mann_whitney(one, other):
    """The two-sided p of the rank-sum test, by its normal approximation with ties."""
    ordered = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    rank_sum, ties, place = 0.0, 0, 0
    while place < len(ordered):
        end = place
        while end < len(ordered) and ordered[end][0] == ordered[place][0]:
            end += 1
        among = sum(1 for _value, group in ordered[place:end] if group == 0)
        rank_sum += among * (place + 1 + end) / 2
        ties += (end - place) ** 3 - (end - place)
        place = end
    n, m, total = len(one), len(other), len(ordered)
    deviation = math.sqrt(n * m / 12 * (total + 1 - ties / (total * (total - 1))))
    return _two_sided((rank_sum - n * (n + 1) / 2 - n * m / 2) / deviation)


def welch(one, other):
    """The two-sided p of Welch's test of the means, for large samples."""
    error = math.sqrt(variance(one) / len(one) + variance(other) / len(other))
    return _two_sided((fmean(one) - fmean(other)) / error)


def _two_sided(z):
    return 2 * NormalDist().cdf(-abs(z))
