-- What is on order of the forecast products (table live), and in how many days after $as_of each delivery is due.
select
    cast(l.place as bigint) as product, cast(date_diff('day', cast($as_of as date), d.due_on) as double) as due_in_days,
    cast(d.units as double) as units
from deliveries as d
inner join live as l on d.product_id = l.product_id
order by product, due_in_days, units
