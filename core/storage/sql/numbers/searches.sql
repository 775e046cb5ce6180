-- Which lists did searches show, by the numbers that their products count to? A kit in a list stands for each of its parts.
select s.* replace (coalesce(n.counts_as, s.product_id) as product_id)
from stored.searches as s
left join counted_as as n on s.product_id = n.product_id and n.demand
