-- What was forecast of each product, and what happened? shown: called, missed (rose without being called) or all.
select c.as_of, c.product_id, coalesce(p.title, c.product_id) as title, c.counts_as,
    c.place, c.called, c.rising_probability, c.falling_probability, c.units_low, c.units_middle, c.units_high,
    c.outcome, c.units, c.orders, c.usual_orders, c.extra_units, c.extra_revenue_cents, c.extra_margin_cents,
    coalesce(p.category, '') as category, count(*) over () as matches
from track_calls as c
left join products as p on c.counts_as = p.product_id
where c.segment = $segment and ($as_of is null or c.as_of = $as_of)
    and (len($categories) = 0 or list_contains($categories, coalesce(p.category, '')))
    and ($shown = 'all' or ($shown = 'called' and c.called) or ($shown = 'missed' and c.outcome = 'rose' and not c.called))
order by c.as_of desc nulls last, c.place nulls last, c.product_id nulls last
limit $limit offset $offset
