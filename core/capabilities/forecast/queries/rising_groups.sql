-- What the products under the filters come to by category, brand or supplier ($by), most expected risers first.
-- mean_4w: mean forecast, as in rising.sql. units_28d: units of the last 4 weeks in the segment.
-- margin_4w_cents sums the products whose price and cost are known.
with expected as (
    select d.product_id,
        max(case when d.level = 0.1 then d.units end) as low_4w,
        max(case when d.level = 0.5 then d.units end) as units_4w,
        max(case when d.level = 0.9 then d.units end) as high_4w,
        sum(d.units * cast(case d.level when 0.025 then 0.0625 when 0.1 then 0.1125 when 0.25 then 0.2 when 0.5 then 0.25 when 0.75 then 0.2
            when 0.9 then 0.1 when 0.95 then 0.0375 when 0.975 then 0.02 when 0.99 then 0.0175 end as double)) as mean_4w
    from demand d
    where d.segment = $segment and d.weeks = 4
    group by d.product_id
),
sold as (
    select product_id, sum(units) as units_28d
    from history
    where segment = $segment and week > (select max(as_of) from meta) - 28
    group by product_id
),
chosen as (
    select case $by when 'brand' then p.brand when 'supplier' then p.supplier else p.category end as name,
        f.rising_probability, f.falling_probability, coalesce(w.units_28d, 0) as units_28d, e.mean_4w,
        e.mean_4w * (p.price_cents - p.unit_cost_cents) as margin_4w_cents
    from forecasts f
    join products p on p.product_id = f.product_id
    left join suggestions s on s.product_id = f.product_id
    left join expected e on e.product_id = f.product_id
    left join sold w on w.product_id = f.product_id
    where f.segment = $segment
        and (len($products) = 0 or list_contains($products, p.product_id))
        and (len($categories) = 0 or list_contains($categories, coalesce(p.category, '')))
        and (len($brands) = 0 or list_contains($brands, coalesce(p.brand, '')))
        and (len($suppliers) = 0 or list_contains($suppliers, coalesce(p.supplier, '')))
        and ($search = '' or contains(lower(p.title), lower($search)) or contains(lower(p.product_id), lower($search)))
        and ($lowest_price_cents is null or p.price_cents >= $lowest_price_cents)
        and ($highest_price_cents is null or p.price_cents <= $highest_price_cents)
        and ($newest_days is null or p.days_on_sale >= $newest_days)
        and ($oldest_days is null or p.days_on_sale <= $oldest_days)
        and ($least_cover is null or s.cover_weeks >= $least_cover)
        and ($most_cover is null or s.cover_weeks <= $most_cover)
        and ($widest_range is null or e.high_4w - e.low_4w <= $widest_range * e.units_4w)
)
select name, count(*) as products,
    sum(rising_probability) as expected_risers, sum(falling_probability) as expected_fallers,
    count(*) filter (where rising_probability >= $likely) as likely_risers,
    count(*) filter (where falling_probability >= $likely) as likely_fallers,
    sum(mean_4w) as mean_4w, sum(units_28d) as units_28d, sum(margin_4w_cents) as margin_4w_cents
from chosen
group by name
order by case $sort when 'falling' then expected_fallers else expected_risers end desc nulls last, name nulls last
