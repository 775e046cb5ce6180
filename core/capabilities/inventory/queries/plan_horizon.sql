-- What do the orders of the plan have to last for?
select * from order_horizon order by product_id nulls last
