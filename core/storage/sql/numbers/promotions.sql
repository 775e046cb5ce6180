-- Which promotions are there, by the numbers that they count to? They explain the demand, and go where it goes.
select p.* replace (coalesce(n.counts_as, p.product_id) as product_id)
from stored.promotions as p
left join counted_as as n on p.product_id = n.product_id and n.demand
