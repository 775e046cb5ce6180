-- What is on order of the planned products, and in how many days after the snapshot's day is it due?
select d.product_id, date_diff('day', m.as_of, d.due_on) as due_in_days, d.units
from deliveries d
join suggestions s on s.product_id = d.product_id
cross join meta m
order by d.product_id nulls last, d.due_on nulls last
