-- Whose chance of rising moved most since the last snapshot? direction 1: up, -1: down. A move counts from 5 points on, and from three
-- times the median move on, since a new model moves every chance a little.
with noise as (
    select greatest(0.05, 3 * median(abs(rising_probability - previous_rising_probability))) as least
    from forecasts where segment = 'all'
),
moved as (
    select p.product_id, p.title, p.category, f.rising_probability, f.previous_rising_probability,
        f.rising_probability - f.previous_rising_probability as movement
    from forecasts f join products p using (product_id)
    where f.segment = 'all' and (f.rising_probability - f.previous_rising_probability) * $direction >= (select least from noise)
    order by abs(movement) desc nulls last, product_id nulls last
    limit $limit
)
select m.*, coalesce(h.units, []) as units
from moved m
left join (
    select product_id, list(units order by week nulls last) as units
    from history
    where segment = 'all' and week > (select max(as_of) from meta) - 182 and product_id in (select product_id from moved)
    group by product_id
) h using (product_id)
order by abs(movement) desc nulls last, product_id nulls last
