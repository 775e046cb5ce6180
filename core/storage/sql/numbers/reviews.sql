-- Which reviews are there, by the numbers that they count to? A successor is not what the reviews of the old product are about.
select r.* replace (coalesce(n.counts_as, r.product_id) as product_id)
from stored.reviews as r
left join counted_as as n on r.product_id = n.product_id and not n.demand
