-- Grain: one row per indicator and variant.
{%- for name in indicator_models() %}
-- depends_on: {{ ref(name) }}
{%- endfor %}
{% set themes = {
    'population': ('Perusjoukko', 'Målgrupp', 'Population'),
    'continuity': ('Jatkuvuus', 'Kontinuitet', 'Continuity'),
    'handover': ('Nivelvaihe ja saattaen vaihto', 'Övergång och ledsagat byte', 'Transition and handover'),
    'housing': ('Asuminen', 'Boende', 'Housing'),
    'planning': ('Suunnitelmallisuus', 'Planmässighet', 'Planning'),
    'participation': ('Osallisuus', 'Delaktighet', 'Participation'),
    'network': ('Verkosto ja tukihenkilöt', 'Nätverk och stödpersoner', 'Network and support persons'),
    'information': ('Tieto', 'Information', 'Information'),
    'health': ('Terveys', 'Hälsa', 'Health'),
    'work': ('Työ ja toimeentulo', 'Arbete och utkomst', 'Work and income'),
    'education': ('Koulutus', 'Utbildning', 'Education'),
    'workforce': ('Työntekijöiden jaksaminen', 'Personalens ork', 'Workforce'),
    'municipality': ('Kunnan rooli ja yhdyspinnat', 'Kommunens roll och gränssnitt', 'Role of the municipality'),
    'cost': ('Kustannukset', 'Kostnader', 'Costs'),
} %}
{% set units = {
    'persons': ('henkilöä', 'personer', 'persons'),
    'per_1000_days': ('1 000 asiakaspäivää kohti', 'per 1 000 klientdagar', 'per 1,000 client-days'),
    'share': ('%', '%', '%'),
    'per_1000_residents': (
        '1 000:ta 18–22-vuotiasta kohti', 'per 1 000 invånare i åldern 18–22', 'per 1,000 residents aged 18–22'
    ),
    'days': ('päivää', 'dagar', 'days'),
    'index': ('indeksi 0–1', 'index 0–1', 'index 0–1'),
    'per_100': ('100 asiakasta kohti', 'per 100 klienter', 'per 100 clients'),
    'euros': ('euroa', 'euro', 'euros'),
    'clients_per_fte': ('asiakasta henkilötyövuotta kohti', 'klienter per årsverke', 'clients per full-time equivalent'),
} %}
{% set metas = indicator_metas() %}
{%- for meta in metas %}{% set last_meta = loop.last %}
{%- for variant in meta.variants %}
select
    {{ literal(meta.indicator_id) }} as indicator_id,
    {{ literal(variant.variant) }} as variant,
    {{ literal(meta.theme) }} as theme,
    {%- for language in ['fi', 'sv', 'en'] %}
    {{ literal(themes[meta.theme][loop.index0]) }} as theme_{{ language }},
    {{ literal(variant.name[language]) }} as variant_name_{{ language }},
    {{ literal(units[variant.get('unit', meta.unit)][loop.index0]) }} as unit_{{ language }},
    {%- for field in ['name', 'definition', 'numerator', 'denominator', 'interpretation', 'limits', 'what_you_can_do'] %}
    {{ literal((variant.get(field) if field != 'name' and variant.get(field) else meta[field])[language]) }} as {{ field }}_{{ language }},
    {%- endfor %}
    {%- endfor %}
    {{ literal(variant.get('worker_role', 'VASTUU')) }} as worker_role,
    {{ literal(variant.get('unit', meta.unit)) }} as unit,
    {{ literal(meta.polarity) }} as polarity,
    {{ literal(meta.responsible) }} as responsible,
    {{ literal(meta.duty) }} as duty,
    {{ literal(meta.law) }} as law,
    {{ literal(meta.period_types | join(', ')) }} as period_types,
    {{ literal(meta.cell_class) }} as cell_class,
    {{ literal(variant.get('interval_method', meta.interval_method)) }} as interval_method,
    {{ literal(meta.method_version) }} as method_version,
    {{ literal(meta.source_tables | join(', ')) }} as source_tables
{{ 'union all' if not (loop.last and last_meta) }}
{%- endfor %}
{%- else %}
select cast(null as varchar) as indicator_id where false
{%- endfor %}
