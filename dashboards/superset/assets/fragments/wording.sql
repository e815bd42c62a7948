-- A figure, its interval and its status in words; the row has the indicator's columns beside it.
worded as (
    select
        *,
        value * factor as shown_value,
        lower_95 * factor as shown_lower,
        upper_95 * factor as shown_upper,
        case coalesce(status, 'not_published')
            when 'shown' then 'näytetään'
            when 'hidden' then 'suojattu, pieni luku'
            when 'too_few' then 'liian vähän tapauksia'
            when 'not_recorded' then 'ei kirjattu'
            when 'not_delivered' then 'tietoja ei toimitettu'
            when 'not_applicable' then 'ei koske'
            else 'ei lasketa tälle tasolle tai jaksolle'
        end as status_text,
        translate(
            case decimals
                when 0 then format('{:,.0f}', value * factor)
                when 1 then format('{:,.1f}', value * factor)
                else format('{:,.2f}', value * factor)
            end,
            ',.', chr(160) || ','
        ) || unit_sign as value_text,
        translate(
            case decimals
                when 0
                    then
                        format('{:,.0f}', lower_95 * factor) || '–'
                        || format('{:,.0f}', upper_95 * factor)
                when 1
                    then
                        format('{:,.1f}', lower_95 * factor) || '–'
                        || format('{:,.1f}', upper_95 * factor)
                else
                    format('{:,.2f}', lower_95 * factor) || '–'
                    || format('{:,.2f}', upper_95 * factor)
            end,
            ',.', chr(160) || ','
        ) || unit_sign as interval_text
    from joined
),
