-- Which products have similar texts (table similar_products)?
select product_id, neighbour_id, similarity
from similar_products
order by product_id nulls last, rank nulls last
