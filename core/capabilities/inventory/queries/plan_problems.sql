-- What is missing or can't be true, of which product?
select product_id, problem from problems order by product_id nulls last, problem nulls last
