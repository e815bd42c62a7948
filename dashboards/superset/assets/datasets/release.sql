-- Grain: one row, the release that is being looked at.
select
    '<div class="st-card"><p><b>Tiedot asti:</b> '
    || coalesce(strftime(data_until, '%-d.%-m.%Y'), 'ei tiedossa')
    || '</p><p><b>Julkaistu:</b> ' || strftime(created_at, '%-d.%-m.%Y') || '</p>'
    || '<p><b>Aineisto:</b> '
    || case data_kind
        when 'synthetic' then '<span class="st-synthetic">SYNTEETTINEN</span> keksittyjä tietoja'
        else 'todellinen'
    end
    || '</p><p><b>Suojaus:</b> '
    || case protection
        when 'primary only' then 'vain ensisijainen: pienet luvut on poistettu, mutta niiden '
            || 'päätteleminen muista luvuista ei ole vielä estetty'
        when 'full' then 'täysi: poistettuja lukuja ei voi päätellä muista luvuista'
        else protection
    end
    || '</p><p class="st-small">Julkaisun tunnus ' || release_id || '</p></div>' as card_html,
    release_id,
    data_until,
    created_at,
    data_kind,
    protection,
    code_version,
    split_part(data_notice, ' /', 1) as data_notice
from published.release
order by created_at desc
limit 1
