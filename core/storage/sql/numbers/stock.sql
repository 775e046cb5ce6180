-- What stock was counted, by the numbers that it counts to? Counts of one day add up. That of a kit is nobody's: many systems work it out
-- from the stock of its parts.
select s.day, coalesce(n.counts_as, s.product_id) as product_id, sum(s.on_hand) as on_hand, sum(s.on_order) as on_order
from stored.stock as s
left join counted_as as n on s.product_id = n.product_id and not n.demand and not n.kit
group by s.day, coalesce(n.counts_as, s.product_id)
