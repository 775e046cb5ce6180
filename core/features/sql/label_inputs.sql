-- Which rows of these origins get a label: those whose horizon has passed with the product in stock?
select p.as_of, p.segment, p.product_id, p.n_base, p.n_horizon, cast(p.base_length as double) as base_length,
    p.prior_a, p.prior_b, p.growth, p.expected, cast(p.phi as double) as phi
from own_rate as p
inner join origin as o on p.as_of = o.as_of
where p.matured and p.growth > 0
