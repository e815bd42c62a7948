# ruff: noqa: E501, SIM905
"""Generated identifiers in every written form, and what may never be taken for one.

Seeded: the same corpora every time. ``POSITIVES`` and ``NEGATIVES`` map a form to a generator of one
value; personal identity codes are artificial (numbers 900 to 999, which nobody has).
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Callable
from datetime import date, timedelta

from ingest import identifiers as kinds

CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
Generator = Callable[[random.Random], str]

# Written by hand, independent of the lists of the detector: some names are in no list.
GIVEN = (
    "Aino Väinö Helmi Onni Eetu Sofia Leo Anna-Liisa Juha-Pekka Kyllikki Mohamed Fatima Xuan Oleksandr Björn Åsa Tuuli "
    "Satu Toivo Meri Ella Noel Zeynab Jean-Luc Inkeri Pyry Peppi Eino Saga Vilho"
).split()
FAMILY = (
    "Virtanen Korhonen Mäki Salo Lahti Koskinen Lindström Backman Svensson Hyvönen af-Ursin Öhman Nguyen Abdi Kovalenko "
    "Heikkilä Ylä-Outinen O'Connor Rautiainen Sjögren Laakso Åberg Petrov Seppälä Nieminen Kallio Halonen Tuominen Sipilä Ek"
).split()
STREETS = (
    (
        "Mannerheimintie Hämeenkatu Kirkkokuja Metsäpolku Rantaraitti Storgatan Kyrkovägen Skolgränd Skogsstigen Koivukuja "
        "Museokatu Itäinen Rautatienkatu,Norra Esplanaden,Kaivorinne,Lepolankaari,Niittyranta,Kalliomäki,Puistobulevardi"
    )
    .replace(" Itäinen", ",Itäinen")
    .split(",")
)
STREETS = [*STREETS[0].split(), *STREETS[1:]]
CITIES = "Helsinki Turku Åbo Jyväskylä Mariehamn Ii Vantaa Lappeenranta Närpes Äänekoski".split()
MONTHS_FI = "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu".split()


def _day(random_: random.Random, first: int = 1985, last: int = 2020) -> date:
    start = date(first, 1, 1)
    return start + timedelta(days=random_.randrange((date(last, 12, 31) - start).days + 1))


def _digits(random_: random.Random, count: int) -> str:
    return "".join(random_.choices("0123456789", k=count))


def _code(random_: random.Random, sign: str | None, *, fits: bool = True) -> str:
    first, last, signs = random_.choice([(1900, 1999, "-YXWVU"), (2000, 2024, "ABCDEF"), (1850, 1899, "+")])
    day = _day(random_, first, last)
    body = f"{day:%d%m%y}", f"9{_digits(random_, 2)}"
    check = CHECK[int("".join(body)) % 31]
    if not fits:
        check = random_.choice([letter for letter in CHECK if letter != check])
    return body[0] + (random_.choice(signs) if sign is None else sign) + body[1] + check


def _signed(random_: random.Random) -> str:
    return _code(random_, None)


def _with_blanks(random_: random.Random) -> str:
    code = _signed(random_)
    return random_.choice(
        (f"{code[:6]} {code[6:]}", f"{code[:7]} {code[7:]}", f"{code[:6]} {code[6]} {code[7:]}", " ".join(code),
         f"{code[:2]}.{code[2:4]}.{code[4:]}", f"{code[:6]}\u00a0{code[6:]}", f"{code[:10]} {code[10]}")
    )  # fmt: skip


def _other_dash(random_: random.Random) -> str:
    day = _day(random_, 1900, 1999)
    return f"{day:%d%m%y}{random_.choice('‐‑‒–—−')}9{_digits(random_, 2)}{random_.choice(CHECK)}"


def _checked(random_: random.Random, count: int) -> str:
    digits = _digits(random_, count)
    return digits + CHECK[int(digits) % 31]


def _mobile(random_: random.Random) -> str:
    return random_.choice(("040", "041", "044", "045", "046", "050")) + _digits(random_, 7)


def _grouped_mobile(random_: random.Random) -> str:
    number = _mobile(random_)
    a, b, c = number[:3], number[3:6], number[6:]
    return random_.choice(
        (f"{a} {b} {c}", f"{a}-{b}{c}", f"{a} {b}{c}", f"({a}) {b} {c}", f"{a}-{b}-{c}", f"{a}/{b}{c}", f"{a}.{b}.{c}",
         f"{a} {b[:2]} {b[2]}{c[0]} {c[1:]}")
    )  # fmt: skip


def _international(random_: random.Random) -> str:
    number = _mobile(random_)[1:]
    prefix = random_.choice(("+358", "+358 ", "00358", "00358 ", "+358-", "358", "(+358) ", "+358 (0)"))
    return prefix + random_.choice((number, f"{number[:2]} {number[2:5]} {number[5:]}", f"{number[:2]}-{number[2:]}"))


def _landline(random_: random.Random) -> str:
    area = random_.choice(("09", "02", "03", "05", "06", "08", "013", "014", "015", "016", "017", "018", "019"))
    number = "3" + _digits(random_, random_.choice((5, 6)))
    return random_.choice((f"{area} {number}", f"{area}-{number}", f"({area}) {number}", f"{area}{number}"))


def _abroad(random_: random.Random) -> str:
    number = random_.choice(("+46 70 ", "+372 5", "+44 20 ", "+1 (212) ", "0046 8 ", "+4670", "+49-151-"))
    return number + f"{random_.randrange(200, 1000)} {_digits(random_, 4)}"


def _iban(random_: random.Random) -> str:
    country, digits = random_.choice((("FI", 14), ("FI", 14), ("DE", 18), ("EE", 16), ("DK", 14), ("SE", 20)))
    account = _digits(random_, digits)
    letters = "".join(str(int(letter, 36)) for letter in country)
    check = 98 - int(account + letters + "00") % 97
    return f"{country}{check:02d}{account}"


def _spaced_iban(random_: random.Random) -> str:
    number = _iban(random_)
    spaced = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    return random_.choice((spaced, spaced.lower(), spaced.replace(" ", "-"), spaced.replace(" ", "\u00a0")))


def _email(random_: random.Random) -> str:
    name = random_.choice(GIVEN).lower() + random_.choice((".", "_", "-", "")) + random_.choice(FAMILY).lower()
    host = random_.choice(("example.fi", "example.com", "posti.example.org", "hva.example.fi", "yritys.example"))
    return random_.choice(
        (f"{name}@{host}", f"{name.upper()}@{host}", f"<{name}@{host}>", f"{name}(at){host}", f"{name} [at] {host}")
    )


def _name(random_: random.Random) -> str:
    given, family = random_.choice(GIVEN), random_.choice(FAMILY).replace("af-", "af ")
    return random_.choice(
        (f"{given} {family}", f"{family} {given}", f"{family}, {given}", f"{given} {random_.choice(GIVEN)} {family}")
    )


def _known_name(random_: random.Random) -> str:
    given = random_.choice("Aino Väinö Helmi Eetu Sofia Anna-Liisa Juha-Pekka Mohamed Björn Inkeri".split())
    family = random_.choice("Virtanen Korhonen Koskinen Lindström Mäkinen Nieminen Heikkilä Laakso Svensson".split())
    return random_.choice(
        (
            f"{given} {family}",
            f"{family} {given}",
            f"{family}, {given}",
            f"{given.upper()} {family.upper()}",
            f"{given.lower()} {family.lower()}",
        )
    )


def _street(random_: random.Random) -> str:
    number = random_.randrange(1, 200)
    flat = f"{random_.choice('ABCDEF')} {random_.randrange(1, 150)}"
    end = random_.choice(
        (
            f"{number}",
            f"{number} {flat}",
            f"{number}{random_.choice('abc')}",
            f"{number}-{number + 2} as {random_.randrange(1, 99)}",
        )
    )
    street = random_.choice(STREETS)
    return random_.choice((street, street, street.upper(), street.lower())) + f" {end}"


def _postal(random_: random.Random) -> str:
    code, city = f"{random_.randrange(100, 99999):05d}", random_.choice(CITIES)
    return random_.choice(
        (f"{code} {city}", f"{code} {city.upper()}", f"{code} {city.lower()}", f"FI-{code} {city}", f"{code}, {city}")
    )


def _wgs84(random_: random.Random) -> str:
    north, east = random_.uniform(59.8, 70.0), random_.uniform(19.5, 31.5)
    n, e = f"{north:.5f}", f"{east:.5f}"
    degrees = f"{int(north)}°{random_.randrange(60)}'{random_.randrange(60)}\"N {int(east)}°{random_.randrange(60)}'{random_.randrange(60)}\"E"
    return random_.choice(
        (f"{n}, {e}", f"{n},{e}", f"{n} {e}", f"{n};{e}", f"{e}, {n}", f"N {n} E {e}", f"{n}N {e}E", f"{n}° {e}°",
         f"{n.replace('.', ',')} {e.replace('.', ',')}", f"POINT({e} {n})", f"lat: {n}, lon: {e}", degrees, f"geo:{n},{e}")
    )  # fmt: skip


def _tm35(random_: random.Random) -> str:
    north, east = random_.randrange(6_600_000, 7_776_000), random_.randrange(61_000, 733_000)
    return random_.choice(
        (f"{north}, {east}", f"{north} {east}", f"{east} {north}", f"N={north} E={east}", f"{north};{east}", f"{north}/{east}",
         f"{north}.12 {east}.5", f"N: {north}, E: {east}", f"P {north} I {east}")
    )  # fmt: skip


def _birth(random_: random.Random) -> str:
    day = _day(random_)
    return random_.choice(
        (f"{day:%d.%m.%Y}", f"{day.day}.{day.month}.{day.year}", f"{day:%Y-%m-%d}", f"{day:%d/%m/%Y}", f"{day:%d.%m.%y}",
         f"{day.day}. {MONTHS_FI[day.month - 1]}kuuta {day.year}", f"{day:%Y-%m-%d}T00:00:00" if day.year < 0 else f"{day:%Y/%m/%d}")
    )  # fmt: skip


def _born(random_: random.Random) -> str:
    word = random_.choice(
        ("s.", "synt.", "syntynyt", "född", "f.", "born", "dob:", "syntymäaika:", "Födelsedatum", "b.")
    )
    return f"{word} {_birth(random_)}"


def _narrative(random_: random.Random) -> str:
    words = (
        "nuori kertoi että asuminen on sujunut hyvin ja hän jatkaa opintoja syksyllä eikä tarvitse muuta tukea".split()
    )
    text = " ".join(random_.choices(words, k=10))
    return text + " ja" * 14


# form -> (kind, generator)
POSITIVES: dict[str, tuple[str, Generator]] = {
    "code": (kinds.PERSONAL_IDENTITY_CODE, _signed),
    "code, wrong check character": (kinds.PERSONAL_IDENTITY_CODE, lambda r: _code(r, None, fits=False)),
    "code, lower case": (kinds.PERSONAL_IDENTITY_CODE, lambda r: _signed(r).lower()),
    "code, without sign": (kinds.PERSONAL_IDENTITY_CODE, lambda r: _code(r, "")),
    "code, with blanks": (kinds.PERSONAL_IDENTITY_CODE, _with_blanks),
    "code, other dash": (kinds.PERSONAL_IDENTITY_CODE, _other_dash),
    "code, in an OID": (kinds.PERSONAL_IDENTITY_CODE, lambda r: f"1.2.246.21.{_signed(r)}"),
    "code, full-width digits": (
        kinds.PERSONAL_IDENTITY_CODE,
        lambda r: "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in _signed(r)),
    ),
    "code, zero-width space": (kinds.PERSONAL_IDENTITY_CODE, lambda r: "\u200b".join(_signed(r))),
    "SATU": (kinds.ELECTRONIC_CLIENT_IDENTIFIER, lambda r: _checked(r, 8)),
    "SATU, lower case": (kinds.ELECTRONIC_CLIENT_IDENTIFIER, lambda r: _checked(r, 8).lower()),
    "learner number": (kinds.LEARNER_NUMBER, lambda r: f"1.2.246.562.24.{_digits(r, 11)}"),
    "building id": (kinds.BUILDING_IDENTIFIER, lambda r: _checked(r, 9)),
    "e-mail": (kinds.EMAIL_ADDRESS, _email),
    "mobile": (kinds.PHONE_NUMBER, _mobile),
    "mobile, grouped": (kinds.PHONE_NUMBER, _grouped_mobile),
    "mobile, +358": (kinds.PHONE_NUMBER, _international),
    "landline": (kinds.PHONE_NUMBER, _landline),
    "phone abroad": (kinds.PHONE_NUMBER, _abroad),
    "IBAN": (kinds.BANK_ACCOUNT_NUMBER, _iban),
    "IBAN, spaced": (kinds.BANK_ACCOUNT_NUMBER, _spaced_iban),
    "name": (kinds.NAME, _name),
    "name, any case": (kinds.NAME, _known_name),
    "street": (kinds.STREET_ADDRESS, _street),
    "postal code and city": (kinds.STREET_ADDRESS, _postal),
    "WGS84": (kinds.COORDINATES, _wgs84),
    "ETRS-TM35FIN": (kinds.COORDINATES, _tm35),
    "date of birth": (kinds.BIRTH_DATE, _birth),
    "born": (kinds.BIRTH_DATE, _born),
    "free text": (kinds.FREE_TEXT, _narrative),
}
# Forms that only the column gives away (a cell, not a running text).
ONLY_IN_CELLS = frozenset({"date of birth", "name"})


def _hex(random_: random.Random, length: int) -> str:
    return hashlib.sha256(random_.randbytes(8)).hexdigest()[:length]


def _ulid(random_: random.Random) -> str:
    return "01" + "".join(random_.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24))


CODES = (
    "VASTUU OHJAAJA YHTEISTAPAAMINEN OMA_VUOKRA TUTTAVAN_LUONA EI_YHTEYTTA IKARAJA HUOSTA_TV PUHELIN fi sv true false 1 0 "
    "kyllä ei Ja Nej TUVA 3X10D-LASU OPPISOPIMUS 2025Q1 2025-1 2025K 16-17 21-24 AURA-4521 hva-05 SHL14"
).split()

# form -> (contract type of the column, generator)
NEGATIVES: dict[str, tuple[str, Generator]] = {
    "key": ("key", lambda r: _hex(r, 64)),
    "key, capitals": ("key", lambda r: _hex(r, 64).upper()),
    "md5": ("key", lambda r: _hex(r, 32)),
    "uuid": ("key", lambda r: str(uuid.UUID(bytes=r.randbytes(16), version=4))),
    "ULID": ("text", _ulid),
    "ISO date": ("date", lambda r: f"{_day(r, 1990, 2026):%Y-%m-%d}"),
    "Finnish date": ("date", lambda r: f"{_day(r, 1990, 2026):%d.%m.%Y}"),
    "Finnish date, short": ("date", lambda r: "{0.day}.{0.month}.{0.year}".format(_day(r, 1990, 2026))),
    "date and time": ("date", lambda r: f"{_day(r, 1990, 2026):%d.%m.%Y} {r.randrange(24):02d}:{r.randrange(60):02d}"),
    "unbroken date": ("date", lambda r: f"{_day(r, 1990, 2026):%d%m%Y}"),
    "code": ("code", lambda r: r.choice(CODES)),
    "municipality": ("municipality", lambda r: f"{r.randrange(1000):03d}"),
    "municipality, zeros lost": ("municipality", lambda r: str(r.randrange(1000))),
    "area": ("wellbeing_area", lambda r: f"{r.randrange(1, 23):02d}"),
    "birth year": ("int", lambda r: str(r.randrange(1985, 2021))),
    "whole number": ("int", lambda r: str(r.randrange(10_000_000))),
    "decimal": ("decimal", lambda r: f"{r.uniform(0, 10 ** r.randrange(1, 9)):.2f}"),
    "decimal comma": ("decimal", lambda r: f"{r.uniform(0, 10 ** r.randrange(1, 9)):.2f}".replace(".", ",")),
    "thousands apart": (
        "decimal",
        lambda r: f"{r.uniform(0, 10 ** r.randrange(4, 9)):,.2f}".replace(",", " ").replace(".", ","),
    ),
    "float in full": ("decimal", lambda r: repr(r.random() * 10 ** r.randrange(-1, 4))),
    "long number": ("text", lambda r: str(r.randrange(1, 10)) + _digits(r, r.randrange(12, 20))),
    "service code": ("text", lambda r: f"{r.randrange(1000, 10000)}"),
    "wave": ("text", lambda r: f"{r.randrange(2020, 2030)}-{r.randrange(1, 3)}"),
    "month": ("text", lambda r: f"{r.randrange(2015, 2030)}-{r.randrange(1, 13):02d}"),
}

FILE_NAMES = (
    "client.csv", "worker_assignment_2025Q1.csv", "hva-05_housing_spell_20250414.csv", "aftercare_period.parquet",
    "rental_housing 2025 Q1.xlsx", "client_01042025.csv", "asiakkaat 01.01.2025-31.03.2025.csv", "manifest.json",
    "01JAZ3B4CX507V4FFG2SRT3W5Z", "2025Q1", "placement 1-2025 - 3-2025.csv", "Jälkihuollon asiakkaat.csv",
    "Itä-Uusimaa.xlsx", "Etelä-Savo asiakas.csv", "supported_housing_capacity (2).xlsx", "Taul1", "Sheet1", "Blad1",
    "Asiakas", "Tuetun asumisen jono", "Kö till stödboende", "Microsoft Excel", "2025-04-14T10:11:12Z",
)  # fmt: skip


def kind_fits(kind: str, found: set[str], value: str) -> bool:
    """Whether ``found`` reports ``value``: as its kind, or, of bare digits, as another that they fit.

    Ten digits that begin with 0 can be a phone number, a building and a person at once; any of them
    refuses the file.
    """
    ambiguous = {
        kinds.PERSONAL_IDENTITY_CODE,
        kinds.PHONE_NUMBER,
        kinds.BUILDING_IDENTIFIER,
        kinds.ELECTRONIC_CLIENT_IDENTIFIER,
    }
    return kind in found or (kind in ambiguous and value[:9].isdigit() and bool(found & ambiguous))
