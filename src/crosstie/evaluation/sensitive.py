"""Which columns are likely about what people must not be treated unlike for: told by their names, or by their values.

A proposal, not a finding: a column that no word gives away (a postal district, a school, a first name) can stand for
one of these as well, and only somebody who knows the data can say so.
"""

import re
from dataclasses import dataclass

from crosstie.data.profile import ColumnProfile

# English, German, French, Spanish, Italian, Portuguese, Dutch, Polish; a * stands for any ending
WORDS = {
    "sex": "sex gender gndr female male geschlecht sexe genre sexo genero género sesso genere geslacht plec płeć",
    "race or ethnicity": (
        "race ethnic* ethnie ethno* rasse hautfarbe raza raca raça razza etnia etni* skin color_of_skin herkunft"
    ),
    "age": (
        "age ages aged dob birth* yob agegroup alter geburt* âge naissance edad nacimiento eta età nascita idade "
        "nascimento leeftijd geboorte* wiek senior seniorcitizen elderly"
    ),
    "religion": "religi* faith creed konfession glaube godsdienst wyznanie",
    "disability": (
        "disab* handicap* invalid* behinder* discapac* disabil* deficien* incapac* beperking niepełnospr*"
    ),
    "origin": (
        "nationality citizen citizenship native foreign foreigner immigra* migra* nationalit* staatsang* "
        "nacionalid* nazionalit* nationaliteit obywatel* ausländer* extranjer* refugee"
    ),
    "family": (
        "marital married marriage spouse husband wife partner familienstand verheiratet civil conyug* matrimon* "
        "burgerlijke pregnan* schwanger* dependents children kinder enfants hijos relationship"
    ),
    "orientation": "orientation lgbt* sexuality",
    "language": "language mothertongue muttersprache langue idioma lingua",
    "place": "zip zipcode postcode postal plz postleitzahl neighborhood neighbourhood",
}
VALUES = {
    "sex": (
        "m f male female man woman men women boy girl nonbinary non-binary diverse mann frau männlich weiblich "
        "homme femme masculin féminin hombre mujer masculino femenino feminino maschio femmina uomo donna"
    ),
    "race or ethnicity": (
        "white black asian hispanic latino latina caucasian african african-american asian-pac-islander "
        "amer-indian-eskimo native american indian other"
    ),
    "religion": "christian catholic protestant muslim jewish hindu buddhist sikh atheist orthodox none other",
    "family": (
        "single married divorced widowed separated never-married married-civ-spouse married-spouse-absent "
        "married-af-spouse"
    ),
}
UNCLEAR = {"other", "none", "native", "american", "indian"}  # these words alone tell nothing
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[^\W\d_]+")


@dataclass(frozen=True)
class Proposal:
    """A column that is likely about people's sex, race, age or the like.

    Attributes:
        column: Its name.
        about: What it seems to be about, a key of `WORDS`.
        why: `name` or `values`.
    """

    column: str
    about: str
    why: str


def proposed(profile: ColumnProfile) -> Proposal | None:
    """Whether a column seems to be one of these.

    Examples:
        >>> from crosstie.data.profile import look
        >>> from crosstie.data.table import Table
        >>> table = Table.from_columns({"Geschlecht": ["w", "m"], "g7": ["Male", "Female"], "stage": ["a", "b"]})
        >>> [proposed(look(table, name)) for name in table.columns]  # doctest: +NORMALIZE_WHITESPACE
        [Proposal(column='Geschlecht', about='sex', why='name'), Proposal(column='g7', about='sex', why='values'), None]
    """
    if profile.distinct < 2:
        return None
    about = by_name(profile.name)
    if about is not None:
        return Proposal(profile.name, about, "name")
    texts = {text.strip().lower().replace(" ", "-") for text, _ in profile.top}
    if profile.distinct > len(profile.top) or not texts - UNCLEAR:
        return None
    for kind, words in VALUES.items():
        if texts <= set(words.split()):
            return Proposal(profile.name, kind, "values")
    return None


def by_name(name: str) -> str | None:
    """What a column of this name is likely about.

    Examples:
        >>> [by_name(each) for each in ("customerAge", "marital-status", "DOB", "package", "native_country", "page")]
        ['age', 'family', 'age', None, 'origin', None]
    """
    words = [each.lower() for each in PARTS.findall(name)]
    words.append("".join(words))
    for about, patterns in WORDS.items():
        for pattern in patterns.split():
            start = pattern.removesuffix("*")
            if any(each.startswith(start) if start != pattern else each == start for each in words):
                return about
    return None
