"""What can be wrong with a delivery as a whole: its manifest, its place, its time."""

from __future__ import annotations

from ingest.door.rules.model import ONE_CLIENT, REJECT_FILE, WARN, Example, Rule

RULES = (
    Rule(
        "MANIFEST_JSON",
        REJECT_FILE,
        "manifest.json ei ole luettavissa JSON-muodossa UTF-8-merkistöllä.",
        "manifest.json kan inte läsas som JSON i UTF-8.",
        "manifest.json cannot be read as JSON in UTF-8.",
        fires=Example(ONE_CLIENT, files={"manifest.json": b"{"}),
        passes=Example(ONE_CLIENT),
    ),
    Rule(
        "MANIFEST_FIELD",
        REJECT_FILE,
        "Manifestin kenttä puuttuu tai on virheellinen. Odotettu: {expected}.",
        "Ett fält i manifestet saknas eller är felaktigt. Förväntat: {expected}.",
        "A field of the manifest is missing or wrong. Expected: {expected}.",
        fires=Example(ONE_CLIENT, manifest={"extracted_at": "2025-10-20"}),
        passes=Example(ONE_CLIENT, manifest={"extracted_at": "2025-10-20T06:12:00Z"}),
    ),
    Rule(
        "MANIFEST_PLACE",
        REJECT_FILE,
        "Kansion nimi ja manifesti eivät täsmää. Odotettu: {expected}.",
        "Mappens namn och manifestet stämmer inte överens. Förväntat: {expected}.",
        "The name of the folder and the manifest disagree. Expected: {expected}.",
        fires=Example(ONE_CLIENT, manifest={"delivery_id": "01JAZ00000000000000000000B"}),
        passes=Example(ONE_CLIENT),
    ),
    Rule(
        "MANIFEST_ORGANISATION",
        REJECT_FILE,
        "Toimittajaa ei tunneta. Odotettu: {expected}.",
        "Leverantören är okänd. Förväntat: {expected}.",
        "The supplier is not known. Expected: {expected}.",
        fires=Example(ONE_CLIENT, organisation="hva-22"),
        passes=Example(ONE_CLIENT),
    ),
    Rule(
        "MANIFEST_PERIOD",
        REJECT_FILE,
        "Jakso on virheellinen. Odotettu: {expected}.",
        "Perioden är felaktig. Förväntat: {expected}.",
        "The period is wrong. Expected: {expected}.",
        fires=Example(ONE_CLIENT, period="2025Q5"),
        passes=Example(ONE_CLIENT, period="2025Q3"),
    ),
    Rule(
        "MANIFEST_VERSION",
        REJECT_FILE,
        "Tietosopimuksen versiota ei tueta. Odotettu: {expected}.",
        "Versionen av dataavtalet stöds inte. Förväntat: {expected}.",
        "This version of the data contract is not supported. Expected: {expected}.",
        fires=Example(ONE_CLIENT, manifest={"contract_version": "2.0"}),
        passes=Example(ONE_CLIENT, manifest={"contract_version": "1.0"}),
    ),
    Rule(
        "DELIVERY_ID_TAKEN",
        REJECT_FILE,
        "Samalla tunnuksella on jo otettu vastaan toinen toimitus. Odotettu: uusi tunnus (ULID) jokaiselle "
        "toimitukselle.",
        "En annan leverans med samma id har redan tagits emot. Förväntat: ett nytt id (ULID) för varje leverans.",
        "Another delivery with the same id has already been accepted. Expected: a new id (ULID) for each delivery.",
        fires=Example(ONE_CLIENT, period="2025Q3", before=(Example(ONE_CLIENT, period="2025Q2"),)),
        passes=Example(ONE_CLIENT, period="2025Q3", number=2, before=(Example(ONE_CLIENT, period="2025Q2"),)),
    ),
    Rule(
        "CORRECTION_UNKNOWN",
        WARN,
        "Korjattavaa toimitusta ei ole otettu vastaan tältä toimittajalta tälle jaksolle. Toimitus käsitellään "
        "jakson uusimpana.",
        "Leveransen som rättas har inte tagits emot av denna leverantör för perioden. Leveransen behandlas som "
        "periodens senaste.",
        "The delivery that this one corrects was not accepted from this supplier for this period. This "
        "delivery counts as the latest of the period.",
        fires=Example(ONE_CLIENT, number=2, manifest={"correction_of": "01JAZ000000000000000000007"}),
        passes=Example(
            ONE_CLIENT,
            number=2,
            manifest={"correction_of": "01JAZ000000000000000000001"},
            before=(Example(ONE_CLIENT),),
        ),
    ),
    Rule(
        "DELIVERY_LATE",
        WARN,
        "Tiedot on poimittu määräajan jälkeen. Odotettu viimeistään: {expected}.",
        "Uppgifterna har tagits ut efter tidsfristen. Förväntat senast: {expected}.",
        "The data were extracted after the due date. Expected by: {expected}.",
        fires=Example(ONE_CLIENT, manifest={"extracted_at": "2025-11-15T06:12:00+02:00"}),
        passes=Example(ONE_CLIENT, manifest={"extracted_at": "2025-11-14T06:12:00+02:00"}),
    ),
    Rule(
        "EXTRACTED_AHEAD",
        WARN,
        "Poimintahetki on edessäpäin; järjestelmän kello on väärässä. Toimitusten järjestys on "
        "vastaanottojärjestys. Odotettu viimeistään: {expected}.",
        "Tidpunkten för uttaget ligger i framtiden; systemets klocka går fel. Leveransernas ordning är den i "
        "vilken de togs emot. Förväntat senast: {expected}.",
        "The time of the extract lies ahead; a clock is wrong. Deliveries are ordered as they were accepted. "
        "Expected by: {expected}.",
        fires=Example(ONE_CLIENT, manifest={"extracted_at": "2999-01-01T06:12:00+02:00"}),
        passes=Example(ONE_CLIENT),
    ),
)
