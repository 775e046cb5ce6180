-- What is known of each customer?
select customer_id, attribute, value from customers order by customer_id nulls last, attribute nulls last
