-- How did the market's series move up to the origin: the last two weeks against the six before?
-- A product without a series of its own gets its category's.
with recent as (
    select o.as_of, m.product_id, m.category, m.series, m.value, date_diff('day', m.day, o.as_of) as age
    from origin as o
    inner join market as m on m.day <= o.as_of and date_diff('day', m.day, o.as_of) < 56
),

by_series as (
    select as_of, product_id, category, series,
        avg(case when age < 7 then value end) as last_week,
        avg(case when age < 14 then value end) as lately,
        avg(case when age >= 14 then value end) as earlier
    from recent
    group by as_of, product_id, category, series
),

changes as (
    select as_of, product_id, category,
        avg(case when series = 'search_interest' then (lately + 1) / (earlier + 1) end) as search_change,
        avg(case when series = 'search_interest' then (last_week + 1) / (earlier + 1) end) as search_week,
        avg(case when series = 'search_interest' then lately end) as search_level,
        avg(case when series = 'sales_rank' then (lately + 1) / (earlier + 1) end) as rank_change,
        avg(case when series = 'sales_rank' then lately end) as rank_level,
        avg(case when series not in ('search_interest', 'sales_rank') then (abs(lately) + 1) / (abs(earlier) + 1) end) as other_change
    from by_series
    group by as_of, product_id, category
),

final as (
    select
        o.as_of, p.product_id,
        coalesce(a.search_change, b.search_change) as search_change,
        coalesce(a.search_week, b.search_week) as search_week,
        coalesce(a.search_level, b.search_level) as search_level,
        coalesce(a.rank_change, b.rank_change) as rank_change,
        coalesce(a.rank_level, b.rank_level) as rank_level,
        coalesce(a.other_change, b.other_change, c.other_change) as other_change,
        b.search_change as category_search_change
    from origin as o
    cross join products as p
    left join changes as a on o.as_of = a.as_of and a.product_id = p.product_id
    left join changes as b on o.as_of = b.as_of and b.product_id is null and b.category = p.category
    left join changes as c on o.as_of = c.as_of and c.product_id is null and c.category is null
)

select * from final
