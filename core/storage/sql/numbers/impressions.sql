-- Which impressions were there, by the numbers that they count to? That of a kit is one of each of its parts, among which its cost is split.
select i.* replace (
    coalesce(n.counts_as, i.product_id) as product_id,
    i.cost_cents * coalesce(n.money, 1) as cost_cents
)
from stored.impressions as i
left join counted_as as n on i.product_id = n.product_id and n.demand
