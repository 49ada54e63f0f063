"""CoNLL: a token and its tag a line, a blank line between sentences."""

from crosstie.data.encoding import whole_in_utf8
from crosstie.data.reader import WholeReader, readers
from crosstie.data.sentences import by_column, sentences
from crosstie.data.table import Table
from crosstie.errors import DataError

DOCUMENT = "-DOCSTART-"  # a line of its own where a document begins


@readers("conll")
@readers("iob")
@readers("bio")
class Conll(WholeReader):
    """One row a sentence: `tokens`, the first cell of its lines, and `tags`, the last, as lists; others `column_2`, … ."""

    takes = ("encoding",)

    def _read(self) -> Table:
        encoding = self.reading.encoding
        file = whole_in_utf8(self.path, self.name, encoding, self.notes, self.scratch)
        with file.open(encoding="utf-8-sig") as lines:
            rows = [
                sentence
                for sentence in sentences(lines, self.name)
                if sentence[0][0] != DOCUMENT or len(sentence) > 1
            ]
        if not rows:
            raise DataError(
                f"{self.name}: holds no sentence. Give a token and its tag a line, and a blank line between sentences."
            )
        last = len(rows[0][0]) - 1
        places = {"tokens": 0}
        places |= {f"column_{place + 1}": place for place in range(1, last)}
        if last:
            places["tags"] = last
        return Table.from_columns(
            {name: by_column(rows, place) for name, place in places.items()},
            missing=self.reading.missing,
        )
