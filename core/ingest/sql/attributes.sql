-- Which attributes can segment buyers, the best first? Country before all, then what calls itself a group and half as many
-- customers have as have any other, then what most have, words before numbers; last what an import has made of ages and postal codes.
-- Many numbers are no groups.
with attributes as (
    select attribute, count(*) as filled, count(distinct value) as groups, count(*) filter (where try_cast(value as double) is null) as words
    from customers
    where value is not null
    group by attribute
    union all
    select 'country' as attribute, count(country) as filled, count(distinct country) as groups, count(country) as words
    from orders
    union all
    select 'channel' as attribute, 0 as filled, count(distinct channel) as groups, count(channel) as words
    from orders
),

best as (
    select attribute, max(filled) as filled, max(groups) as groups, max(words) as words
    from attributes
    group by attribute
)

select attribute
from best
where groups >= 2 and (groups <= 60 or attribute = 'country') and (groups <= 12 or words > 0)
order by
    case
        when attribute = 'country' then 0
        when regexp_matches(attribute, 'segment|group|tier|cluster|cohort|等级|分群|客群|分组|人群', 'i')
            and 2 * filled >= max(filled) over () then 1
        when attribute in ('age_band', 'postal_region') then 3
        else 2
    end nulls last,
    filled desc nulls last, words = 0 nulls last, attribute nulls last
