-- How do these products do? Their chance, its change since the last snapshot, expected units and half a year of weekly sales.
with chosen as (
    select p.product_id, p.title, f.rising_probability, f.falling_probability,
        f.rising_probability - f.previous_rising_probability as movement
    from products p left join forecasts f on f.product_id = p.product_id and f.segment = 'all'
    where list_contains($products, p.product_id)
),
weeks as (
    select product_id, list(units order by week nulls last) as units
    from history
    where segment = 'all' and week > (select max(as_of) from meta) - 182 and product_id in (select product_id from chosen)
    group by product_id
)
select c.*, d.units as units_4w, coalesce(w.units, []) as units
from chosen c
left join weeks w on w.product_id = c.product_id
left join demand d on d.product_id = c.product_id and d.segment = 'all' and d.weeks = 4 and d.level = 0.5
order by c.rising_probability desc nulls last, c.product_id nulls last
