-- Which products will rise, best first, under the filters; one page of them with sparkline, drivers and cover.
with chosen as (
    select p.product_id, p.title, p.category, p.price_cents, p.currency, p.days_on_sale, f.rising_probability, f.falling_probability,
        f.rising_probability - f.previous_rising_probability as movement, f.own_pace_orders,
        case when $segment = 'all' then s.cover_weeks end as cover_weeks, s.status
    from forecasts f
    join products p on p.product_id = f.product_id
    left join suggestions s on s.product_id = f.product_id
    where f.segment = $segment
        and (len($categories) = 0 or list_contains($categories, p.category))
        and ($search = '' or contains(lower(p.title), lower($search)) or contains(lower(p.product_id), lower($search)))
        and ($lowest_price_cents is null or p.price_cents >= $lowest_price_cents)
        and ($highest_price_cents is null or p.price_cents <= $highest_price_cents)
        and ($newest_days is null or p.days_on_sale >= $newest_days)
        and ($oldest_days is null or p.days_on_sale <= $oldest_days)
),
page as (
    select *, count(*) over () as matches,
        case $sort when 'movement' then movement when 'falling' then falling_probability when 'pace' then own_pace_orders
            when 'cover' then -cover_weeks else rising_probability end as rank_by
    from chosen
    order by rank_by desc nulls last, rising_probability desc nulls last, product_id nulls last
    limit $limit offset $offset
),
weeks as (
    select product_id, list(units order by week nulls last) as units
    from history
    where segment = $segment and week > (select max(as_of) from meta) - 182 and product_id in (select product_id from page)
    group by product_id
),
expected as (
    select product_id, units as units_4w
    from demand
    where segment = $segment and weeks = 4 and level = 0.5 and product_id in (select product_id from page)
),
reasons as (
    select product_id, list({'driver': driver, 'attribution': attribution} order by driver nulls last) as drivers
    from attributions
    where segment = $segment and product_id in (select product_id from page)
    group by product_id
)
select page.* exclude (rank_by), coalesce(weeks.units, []) as units, expected.units_4w, coalesce(reasons.drivers, []) as drivers
from page
left join weeks using (product_id)
left join expected using (product_id)
left join reasons using (product_id)
order by rank_by desc nulls last, rising_probability desc nulls last, product_id nulls last
