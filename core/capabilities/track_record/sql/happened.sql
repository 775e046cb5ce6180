-- What happened to each product that was eligible at each update: did it rise or fall, and what was wanted and sold?
-- matured: the product was in stock in the weeks that were forecast; else its outcome is not known.
select p.as_of, p.segment, p.product_id, p.matured, b.rising, b.falling,
    cast(p.n_base as double) as n_base,
    cast(p.n_horizon as double) as orders,
    cast(p.expected as double) as usual_orders,
    coalesce(u.units_w4, 0) as units,
    s.base_units, coalesce(s.sold_units, 0) as sold_units, s.revenue_cents, s.priced_units
from own_rate as p
inner join origin as o on p.as_of = o.as_of
left join labels as b on p.as_of = b.as_of and p.segment = b.segment and p.product_id = b.product_id
left join outcomes as u on p.as_of = u.as_of and p.segment = u.segment and p.product_id = u.product_id
left join sold_around as s on p.as_of = s.as_of and p.segment = s.segment and p.product_id = s.product_id
