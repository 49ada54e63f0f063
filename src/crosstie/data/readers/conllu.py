"""CoNLL-U, the format of Universal Dependencies: ten cells a token, a blank line between sentences."""

from crosstie.data.encoding import as_utf8
from crosstie.data.reader import WholeReader, readers
from crosstie.data.sentences import WIDTH_CONLLU, by_column, sentences
from crosstie.data.table import Table
from crosstie.errors import DataError

COLUMNS = ("tokens", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")


@readers("conllu")
class Conllu(WholeReader):
    """One row a sentence, its columns lists with an item for each word.

    What stands for several words (3-4) or for one that is not said (8.1) is left out: words are what is annotated.
    """

    takes = ("encoding",)

    def _read(self) -> Table:
        file = as_utf8(self.path, self.name, self.reading.encoding, self.notes, self.scratch)
        rows = []
        with file.open(encoding="utf-8-sig") as lines:
            try:
                for sentence in sentences(lines, self.name, width=WIDTH_CONLLU):
                    words = [cells for cells in sentence if cells[0].isdecimal()]
                    if words:
                        rows.append(words)
            except UnicodeDecodeError as error:
                raise DataError(f"{self.name}: is not UTF-8: {error}. Say `encoding:`.") from None
        if not rows:
            raise DataError(
                f"{self.name}: holds no sentence. Give ten cells a word, parted by tabs, and a blank line between sentences."
            )
        return Table.from_columns(
            {name: by_column(rows, place) for place, name in enumerate(COLUMNS, start=1)},
            missing=self.reading.missing,
        )
