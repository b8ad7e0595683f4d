"""How far two raters agree beyond chance."""

from collections import Counter
from collections.abc import Hashable, Sequence


def cohen_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of two raters' words for the same things (Cohen, Educ. Psychol. Meas. 20:37,
    1960): 1 is agreement throughout, 0 what chance gives, below 0 less than that.

    None where it has no value: without pairs, and where both always say the same one word.
    """
    if not pairs:
        return None
    n = len(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    seen = sum(one == other for one, other in pairs) / n
    chance = sum(first[word] * second[word] for word in first) / n**2
    return None if chance == 1 else (seen - chance) / (1 - chance)
