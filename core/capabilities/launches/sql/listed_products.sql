-- Which products does the shop list, when did each come, and in which category?
select product_id, launched_on, coalesce(category, '') as category
from products
order by product_id nulls last
