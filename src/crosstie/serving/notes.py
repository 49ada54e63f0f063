"""What is said of cells that were odd."""

from collections.abc import Mapping

from crosstie.features.counts import Counts


def notes(counts: Mapping[str, Counts]) -> list[str]:
    """What a person should know about the cells of some rows: one sentence for each oddity."""
    found = []
    for name, count in counts.items():
        if count.absent:
            found.append(f"column {name!r} is absent; all {count.rows} rows count as missing")
        if count.unparsed:
            examples = ", ".join(map(repr, count.unparsed_examples))
            found.append(
                f"column {name!r}: {count.unparsed} of {count.rows} cells could not be read and count as "
                f"missing, for example {examples}"
            )
        if count.cut:
            found.append(count.cut_note(name))
        if count.unseen:
            found.append(
                f"column {name!r}: {count.unseen} of {count.rows} rows hold a value that training never saw or too rarely to keep; "
                "they count as unknown"
            )
    return found


def added(counts: Mapping[str, Counts], more: Mapping[str, Counts]) -> dict[str, Counts]:
    """The counts of some rows and of more rows, together."""
    return {name: counts[name] + each if name in counts else each for name, each in more.items()}
