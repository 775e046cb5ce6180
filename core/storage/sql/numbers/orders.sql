-- Which order lines are there, by the numbers that they count to? A line of a kit is one line a part: its units are the part's, and its
-- money is split among the parts. In steps of 1/1024 of a cent: sums of such numbers are exact in any order.
select o.* replace (
    coalesce(n.counts_as, o.product_id) as product_id,
    o.units * coalesce(n.units, 1) as units,
    round(o.unit_price_cents * coalesce(n.money, 1) / nullif(coalesce(n.units, 1), 0) * 1024) / 1024 as unit_price_cents,
    round(o.discount_cents * coalesce(n.money, 1) * 1024) / 1024 as discount_cents
)
from stored.orders as o
left join counted_as as n on o.product_id = n.product_id and n.demand
