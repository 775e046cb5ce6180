-- What ordering needs to know of each product: what a unit costs, what it is sold for (its list price, else what was paid), its terms.
-- Of times, a product's own go before its supplier's.
with paid as (
    select product_id, sum(revenue_cents) / nullif(sum(priced_units), 0) as cents
    from daily
    where day <= cast($until_day as date)
    group by product_id
)

select
    p.product_id, cast(p.unit_cost_cents as double) as cost, cast(coalesce(p.price_cents, q.cents) as double) as price,
    coalesce(p.lead_time_days, s.lead_time_days) as lead_time_days,
    coalesce(p.lead_time_sd_days, s.lead_time_sd_days) as lead_time_sd_days, p.moq, p.pack_size
from products as p
left join suppliers as s on p.supplier = s.supplier
left join paid as q on p.product_id = q.product_id
order by p.product_id nulls last
