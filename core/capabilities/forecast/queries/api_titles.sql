-- What is each product called?
select product_id, title
from products
order by product_id nulls last
