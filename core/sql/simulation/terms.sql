-- What ordering needs to know of each product: what a unit costs, what it is sold for (its list price, else what was paid), its terms.
with paid as (
    select product_id, sum(revenue_cents) / nullif(sum(priced_units), 0) as cents
    from daily
    where day <= cast($until_day as date)
    group by product_id
)

select
    p.product_id, cast(p.unit_cost_cents as double) as cost, cast(coalesce(p.price_cents, q.cents) as double) as price,
    p.lead_time_days, p.lead_time_sd_days, p.moq, p.pack_size
from products as p
left join paid as q on p.product_id = q.product_id
order by p.product_id
