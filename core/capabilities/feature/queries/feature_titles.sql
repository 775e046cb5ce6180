-- What are these products called?
select product_id, title from products where list_contains($products, product_id) order by product_id nulls last
