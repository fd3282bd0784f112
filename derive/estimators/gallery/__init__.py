"""The gallery: named estimators with what is known about them."""

from __future__ import annotations

from derive.errors import BadInput
from derive.estimators.gallery import covariance, lengths, losses, mismatch, preferences, rewards
from derive.estimators.gallery.entry import Entry

ENTRIES: tuple[Entry, ...] = (*rewards.ENTRIES, *lengths.ENTRIES, *losses.ENTRIES, *mismatch.ENTRIES,
                              *covariance.ENTRIES, *preferences.ENTRIES)


def entry_of(name: str) -> Entry:
    """The entry of this name. Raises ``BadInput`` with the nearest names."""
    from difflib import get_close_matches

    for one in ENTRIES:
        if one.name == name:
            return one
    near = get_close_matches(name, [one.name for one in ENTRIES], n=3, cutoff=0.4)
    raise BadInput(f"{name}: no estimator of that name in the gallery"
                   + (f"; is it {' or '.join(near)}?" if near else "; 'derive estimator' lists them"))
