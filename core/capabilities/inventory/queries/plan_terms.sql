-- What was the plan made from?
select * from planning order by product_id nulls last
