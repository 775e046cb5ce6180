-- What does the list of one customer name, for other programs? No join: the file is in the order of customers, and one part of it is read.
select place, product_id, chance, reason, because_id
from recommendations
where customer_id = $customer_id
order by place nulls last
