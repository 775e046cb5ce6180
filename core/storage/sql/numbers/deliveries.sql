-- Which deliveries are due, by the numbers that they count to?
select d.* replace (coalesce(n.counts_as, d.product_id) as product_id)
from stored.deliveries as d
left join counted_as as n on d.product_id = n.product_id and not n.demand and not n.kit
