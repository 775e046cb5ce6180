-- Which events are there, by the numbers that they count to? What happens on the page of a kit happens to each of its parts.
select e.* replace (coalesce(n.counts_as, e.product_id) as product_id)
from stored.events as e
left join counted_as as n on e.product_id = n.product_id and n.demand
