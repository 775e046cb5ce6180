-- Which decisions on product numbers are stored?
select old_product_id, new_product_id, coalesce(kind, 'renamed') as kind
from product_map
order by old_product_id nulls last
