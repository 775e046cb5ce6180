-- Which values does the market have, by the numbers that they count to?
select m.* replace (coalesce(n.counts_as, m.product_id) as product_id)
from stored.market as m
left join counted_as as n on m.product_id = n.product_id and not n.demand and not n.kit
