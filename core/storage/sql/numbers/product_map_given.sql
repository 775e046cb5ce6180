-- Which numbers count to which?
select old_product_id as old, new_product_id as new, coalesce(kind, 'renamed') as kind
from stored.product_map
where coalesce(kind, 'renamed') <> 'separate'
order by old_product_id nulls last
