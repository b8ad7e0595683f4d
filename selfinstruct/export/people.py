"""What people said of the rows of a run: in its reviews, and after its rounds had gone on."""

from dataclasses import dataclass

from selfinstruct.review.hearing import hear
from selfinstruct.review.nouns import SETTLING
from selfinstruct.rows import to_example
from selfinstruct.settled import STAGE
from selfinstruct.store import Store


@dataclass(frozen=True, slots=True)
class Said:
    """The ids of rows that a person accepted or wrote anew, and of those that one does not want as
    they are.
    """

    accepted: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()

    def of(self, id_: str) -> str | None:
        """`accepted` or `refused`, None of a row that nobody decided on."""
        if id_ in self.accepted:
            return "accepted"
        return "refused" if id_ in self.refused else None

    def __bool__(self) -> bool:
        """Whether anybody said anything."""
        return bool(self.accepted or self.refused)


def read_said(store: Store) -> Said:
    """What the ledger holds of reviews, which a fork has too, and what `reviews.db` says now.

    Raises `StoreError` for a damaged `reviews.db`.
    """
    reviews = store.results(STAGE).values()
    accepted = {id_ for each in reviews for id_ in (*each["kept"], *each["joined"])}
    accepted |= {to_example(one["row"]).id for each in reviews for one in each["edited"]}
    heard = hear(store.folder, 0)  # of all rounds what holds; the control has no queue of its own
    latest = {} if heard is None else {each.item: each.action for each in heard.standing}
    said = {item: action for item, action in latest.items() if action in SETTLING}
    liked = frozenset(item for item, action in said.items() if action == "accept")
    refused = frozenset(said) - liked
    return Said(frozenset(accepted) - refused | liked, refused)
