"""The subsamples that R draws: `set.seed(seed); sort(sample(n, size))`, again and again.

R fills the state of its Mersenne-Twister from a linear congruential generator. It draws a whole number below n by
rejection: the leading 16 bits of an output, as many low bits of them as n needs, until the number is small enough
(the default since R 3.6).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from radiotype.errors import RecipeError
from radiotype.subtypes.resampling import Draw, Subset

_BLOCK = 1 << 14


def r_subsets(draw: Draw, n_resamples: int, *, seed: int) -> Iterator[Subset]:
    """Subsets without replacement, as R's ConsensusClusterPlus draws them after one `set.seed(seed)`: cases, then features.

    Parameters
    ----------
    draw : Draw
        How many of how many.
    n_resamples : int
        Number of subsets.
    seed : int
        R's seed, within 32 bits.

    Yields
    ------
    Subset
        Ascending, from 0 (R's indices minus one).

    Raises
    ------
    RecipeError
        RT103 if the seed does not fit into R's 32-bit integer.

    References
    ----------
    Matsumoto & Nishimura, ACM TOMACS 8 (1998) 3-30; R's `?RNGkind` ("Mersenne-Twister", "Rejection").

    Examples
    --------
    >>> next(r_subsets(Draw(10, 3, 1, 1), 1, seed=42)).items  # R 4: set.seed(42); sort(sample(10, 3))
    array([0, 4, 9])
    """
    if not -(2**31) < seed < 2**31:
        raise RecipeError("RT103", f"seed={seed} does not fit into R's 32-bit integer", hint="use a seed below 2147483648")
    return _subsets(_half_words(seed), draw, n_resamples)


def _subsets(stream: Iterator[int], draw: Draw, n_resamples: int) -> Iterator[Subset]:
    for resample in range(n_resamples):
        items, features = _sample(stream, draw.n_cases, draw.n_items), None
        if draw.n_drawn_features < draw.n_features:
            features = _sample(stream, draw.n_features, draw.n_drawn_features)
        yield Subset(items, features, resample)


def _sample(stream: Iterator[int], n: int, size: int) -> np.ndarray:
    pool = list(range(n))
    drawn = []
    for left in range(n, n - size, -1):
        at = _below(left, stream)
        drawn.append(pool[at])
        pool[at] = pool[left - 1]
    return np.sort(np.array(drawn, dtype=np.int64))


def _below(bound: int, stream: Iterator[int]) -> int:
    """A whole number in [0, bound): the low bits of one half-word per 16 bits begun, drawn again while too large."""
    bits = (bound - 1).bit_length()
    mask = (1 << bits) - 1
    while True:
        value = next(stream)
        for _ in range(bits // 16):
            value = value << 16 | next(stream)
        value &= mask
        if value < bound:
            return value


def _half_words(seed: int) -> Iterator[int]:
    """The leading 16 bits of each output of R's Mersenne-Twister."""
    word = seed % 2**32
    for _ in range(50):
        word = (69069 * word + 1) % 2**32
    state = []
    for _ in range(625):  # the first of them is R's position in the state, which R overwrites
        word = (69069 * word + 1) % 2**32
        state.append(word)
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": np.array(state[1:], dtype=np.uint32), "pos": 624}}
    while True:
        yield from (twister.random_raw(_BLOCK) >> 16).tolist()
