-- Which kits have stock or deliveries under their own number?
select distinct k.kit_id
from kit_parts as k
where k.kit_id in (select product_id from stock union select product_id from deliveries)
order by k.kit_id nulls last
