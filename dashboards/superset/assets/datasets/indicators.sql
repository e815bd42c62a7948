-- Grain: one row per indicator and variant, with its description as a card.
with

-- include: indicators

described as (
    select
        described.*,
        indicators.indicator_label,
        case described.polarity
            when 'higher' then 'suurempi luku on tavoiteltava'
            when 'lower' then 'pienempi luku on tavoiteltava'
            else 'luku ei ole hyvä eikä huono'
        end as polarity_text,
        case described.responsible
            when 'area' then 'hyvinvointialue'
            when 'municipality' then 'kunta'
            when 'shared' then 'hyvinvointialue ja kunta yhdessä'
            when 'state' then 'valtio'
            else described.responsible
        end as responsible_text
    from published.indicator as described
    inner join indicators
        on described.indicator_id = indicators.indicator_id and described.variant = indicators.variant
),

final as (
    select
        indicator_label,
        '<div class="st-card"><div class="st-card-title">'
        || replace(indicator_label, '<', '&lt;') || '</div>'
        || '<div class="st-card-unit">' || replace(coalesce(unit_fi, ''), '<', '&lt;')
        || ' · ' || polarity_text || '</div>'
        || list_aggregate(
            list_transform(
                list_filter(
                    [
                        {'heading': 'Mitä mitataan', 'body': definition_fi},
                        {'heading': 'Osoittaja', 'body': numerator_fi},
                        {'heading': 'Nimittäjä', 'body': denominator_fi},
                        {'heading': 'Näin luet', 'body': interpretation_fi},
                        {'heading': 'Rajoitukset', 'body': limits_fi},
                        {'heading': 'Mitä voi tehdä', 'body': what_you_can_do_fi},
                        {'heading': 'Vastuu', 'body': responsible_text}
                    ],
                    lambda part: coalesce(part.body, '') <> ''
                ),
                lambda part: '<p><b>' || part.heading || ':</b> '
                    || replace(part.body, '<', '&lt;') || '</p>'
            ),
            'string_agg', ''
        )
        || '</div>' as card_html,
        unit_fi,
        polarity_text,
        responsible_text,
        definition_fi,
        numerator_fi,
        denominator_fi,
        interpretation_fi,
        limits_fi,
        what_you_can_do_fi,
        split_part(data_notice, ' /', 1) as data_notice
    from described
)

select * from final
