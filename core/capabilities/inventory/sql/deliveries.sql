-- What is on order of the forecast products (table live) a day that something is due, and how many days after $as_of that is.
select
    cast(l.place as bigint) as product, d.product_id, d.due_on,
    cast(date_diff('day', cast($as_of as date), d.due_on) as double) as due_in_days, cast(sum(d.units) as double) as units
from deliveries as d
inner join live as l on d.product_id = l.product_id
group by l.place, d.product_id, d.due_on
order by product, d.due_on
