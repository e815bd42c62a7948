{#
    Confidence limits by the formulas of OHID Fingertips (PHEindicatormethods), for 95 % and 99.8 %.
    z values: 1.959963984540054 and 3.090232306167813.
#}
{% macro wilson_limit(events, total, z, sign) -%}
    least(1, greatest(0, (2 * {{ events }} + {{ z }} * {{ z }} {{ sign }} {{ z }} * sqrt(
        {{ z }} * {{ z }} + 4 * {{ events }} * (1 - {{ events }} / {{ total }})
    )) / (2 * ({{ total }} + {{ z }} * {{ z }}))))
{%- endmacro %}

{# Byar's limits of a count of at least 10; below that the exact ones of the reference table. #}
{% macro byar_lower(events, z) -%}
    {{ events }} * power(1 - 1 / (9.0 * {{ events }}) - {{ z }} / (3 * sqrt({{ events }})), 3)
{%- endmacro %}

{% macro byar_upper(events, z) -%}
    ({{ events }} + 1) * power(1 - 1 / (9.0 * ({{ events }} + 1)) + {{ z }} / (3 * sqrt({{ events }} + 1)), 3)
{%- endmacro %}

{# Name, level and z value of the two intervals that every figure has. #}
{% macro confidence_levels() -%}
    {{ return([('95', '0.95', '1.959963984540054'), ('998', '0.998', '3.090232306167813')]) }}
{%- endmacro %}

{#
    Limits of a cumulative incidence on the log(-log) scale: F to the power of exp(+-z s / (F ln F)).
    None and all have no such limits: there Wilson's, of those whose state at the horizon is known.
    `sign`: empty for the lower one, '-' for the upper one.
#}
{% macro incidence_limit(z, sign) -%}
    case
        when incidence is null then null
        when incidence <= 1e-12 or incidence >= 1 - 1e-12 or variance <= 1e-15 then {{ wilson_limit(
            "(incidence * known_units)", "known_units", z, "+" if sign else "-"
        ) }}
        else power(incidence, exp({{ sign }}{{ z }} * sqrt(variance) / (incidence * -ln(incidence))))
    end
{%- endmacro %}

{#
    Byar's (from 10 events) or exact Poisson limits of a count whose events come in people: their distance
    from the count grows by the root of the client-level dispersion, which is never taken as below 1.
#}
{% macro dispersed_limit(events, limit, dispersion) -%}
    greatest(0, {{ events }} + sqrt({{ dispersion }}) * ({{ limit }} - {{ events }}))
{%- endmacro %}
