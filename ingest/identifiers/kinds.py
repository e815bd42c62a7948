"""What counts as a direct identifier: the kinds, their names for a sender, and a place of a hit."""

from __future__ import annotations

from dataclasses import dataclass

PERSONAL_IDENTITY_CODE = "personal_identity_code"
ELECTRONIC_CLIENT_IDENTIFIER = "electronic_client_identifier"
LEARNER_NUMBER = "learner_number"
BUILDING_IDENTIFIER = "building_identifier"
EMAIL_ADDRESS = "email_address"
PHONE_NUMBER = "phone_number"
BANK_ACCOUNT_NUMBER = "bank_account_number"
NAME = "name"
STREET_ADDRESS = "street_address"
COORDINATES = "coordinates"
BIRTH_DATE = "birth_date"
FREE_TEXT = "free_text"

KIND_LABELS: dict[str, dict[str, str]] = {
    PERSONAL_IDENTITY_CODE: {"fi": "henkilötunnus", "sv": "personbeteckning", "en": "personal identity code"},
    ELECTRONIC_CLIENT_IDENTIFIER: {
        "fi": "sähköinen asiointitunnus (SATU)",
        "sv": "elektronisk kommunikationskod (SATU)",
        "en": "electronic client identifier (SATU)",
    },
    LEARNER_NUMBER: {"fi": "oppijanumero", "sv": "studentnummer", "en": "learner number"},
    BUILDING_IDENTIFIER: {
        "fi": "pysyvä rakennustunnus",
        "sv": "permanent byggnadsbeteckning",
        "en": "permanent building identifier",
    },
    EMAIL_ADDRESS: {"fi": "sähköpostiosoite", "sv": "e-postadress", "en": "e-mail address"},
    PHONE_NUMBER: {"fi": "puhelinnumero", "sv": "telefonnummer", "en": "phone number"},
    BANK_ACCOUNT_NUMBER: {
        "fi": "pankkitilin numero (IBAN)",
        "sv": "bankkontonummer (IBAN)",
        "en": "bank account number (IBAN)",
    },
    NAME: {"fi": "henkilön nimi", "sv": "personnamn", "en": "name of a person"},
    STREET_ADDRESS: {"fi": "osoite", "sv": "adress", "en": "address"},
    COORDINATES: {"fi": "koordinaatit", "sv": "koordinater", "en": "coordinates"},
    BIRTH_DATE: {"fi": "syntymäaika", "sv": "födelsedatum", "en": "date of birth"},
    FREE_TEXT: {
        "fi": "vapaa teksti (yli 40 merkkiä)",
        "sv": "fritext (över 40 tecken)",
        "en": "free text (over 40 characters)",
    },
}
# Stable codes, in the order in which they are reported.
KINDS: tuple[str, ...] = tuple(KIND_LABELS)


@dataclass(frozen=True)
class Hit:
    """A place at which a direct identifier stands. Holds what kind and where, never what.

    ``row`` counts as the file does (header = row 1); ``None`` for what has no row or column: a
    sheet's name, a document property, a comment, the file name.
    """

    kind: str
    row: int | None = None
    column: str | None = None
    sheet: str | None = None


def kind_label(kind: str, language: str) -> str:
    """Name of a kind for a reader; ``KeyError`` when kind or language (fi, sv, en) is none."""
    return KIND_LABELS[kind][language]
